// Heads and attention of rows that are their sequences' only ones in a batch, in one launch, CPU style: what heads.cpu.cl and
// attention.cpu.cl do.
//
// One work-item (key head h, row r) prepares the head's key and value and the queries that meet them, and attends with these.
#include "Common/prelude.clh"
#include "Attention/heads_row.clh"
#include "Attention/attend.clh"

ITEM_KERNEL(heads_attention)
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global float *keys,
    __global float *values, int query_heads, int key_value_heads, int stride, int norm, float epsilon, float clip,
    __global const int *tiles, __global const int *tables, __global float *out, float scale,
    __global const float *sinks MADE_ARGUMENT) {
  const int source = get_global_id(0), row = get_global_id(1), group = query_heads / key_value_heads;
  __global float *vectors = qkv + (ulong)row * stride;
  __global const float *turns = rotary + (ulong)positions[row] * ROTARY_SIZE;
  const int block = slots[row] / BLOCK, place = slots[row] % BLOCK;
  const ulong offset = block_offset(block, source, key_value_heads);
  __global const float *key = vectors + (query_heads + source) * HEAD_SIZE;
  prepare_key(key, norm, key_norm, epsilon, clip, turns, keys + offset, place);
#if !SHARED
  prepare_value(key + key_value_heads * HEAD_SIZE, clip, values + offset, place);
#endif
  for (int head = source * group; head < (source + 1) * group; head++) {
    prepare_query(vectors + head * HEAD_SIZE, norm, query_norm, epsilon, clip, turns);
  }
  for (int begin = 0; begin < group; begin += PAIRS) {
    attend(
        qkv, keys, values, tiles + 4 * row, tables, out, source * group + begin, min(PAIRS, group - begin), query_heads,
        key_value_heads, stride, scale, sinks MADE_PASSED);
  }
}
