// Causal grouped-query attention, CPU style (attend.clh). One work-item makes `own_heads` heads of one tile, of one
// key head.
#include "Common/prelude.clh"
#include "Attention/attend.clh"

ITEM_KERNEL(attention)
    __global const float *qkv, __global const float *keys, __global const float *values, __global const int *tiles,
    __global const int *tables, __global float *out, int query_heads, int key_value_heads, int stride, float scale,
    __global const float *sinks, int own_heads MADE_ARGUMENT) {
  attend(
      qkv, keys, values, tiles + 4 * get_global_id(1), tables, out, get_global_id(0) * own_heads, own_heads, query_heads,
      key_value_heads, stride, scale, sinks MADE_PASSED);
}
