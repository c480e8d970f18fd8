// Heads, GPU style: norm, clipping and rotary embedding (heads.clh), and the keys and values into the cache.
//
//   qkv [rows][stride] f32: Q query heads, KV key heads, and KV value heads unless SHARED; queries change in place
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block      keys, values: layout.clh
//
// A work-group of GROUP work-items does one head (index 0) of one row (index 1).
#include "Common/prelude.clh"
#include "Attention/layout.clh"
#include "Attention/heads_group.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(GROUP, 1, 1))) void heads(
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global float *keys,
    __global float *values, int query_heads, int key_value_heads, int stride, int norm, float epsilon, float clip) {
  __local float scratch[GROUP];
  __local float scaled[HEAD_SIZE];
  const int head = get_group_id(0), row = get_group_id(1), item = get_local_id(0);
  __global float *vector = qkv + (ulong)row * stride + head * HEAD_SIZE;
  __global const float *turns = rotary + (ulong)positions[row] * ROTARY_SIZE;
  const int block = slots[row] / BLOCK, place = slots[row] % BLOCK;
  const int key = head - query_heads, value = key - key_value_heads;
  if (value >= 0) {
    __global float *target = values + block_offset(block, value, key_value_heads) + place * HEAD_SIZE;
    for (int d = item; d < HEAD_SIZE; d += GROUP) target[d] = CLIPPED(vector[d], clip);
    return;
  }
  scale_head(vector, norm & (key < 0 ? 1 : 2), key < 0 ? query_norm : key_norm, epsilon, clip, scaled, scratch);
  for (int d = item; d < HEAD_SIZE; d += GROUP) {
    const float turned = rotated(scaled, turns, d);
    if (key < 0) {
      vector[d] = turned;
    } else {
      keys[block_offset(block, key, key_value_heads) + d * BLOCK + place] = turned;
    }
  }
}
