// Heads, CPU style: norm, clipping and rotary embedding (heads.clh), and the keys and values into the cache.
//
//   qkv [rows][stride] f32: Q query heads, KV key heads, and KV value heads unless SHARED; queries change in place
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block      keys, values: layout.clh
//
// One work-item does all heads of one row.
#include "Common/prelude.clh"
#include "Attention/heads_row.clh"

ITEM_KERNEL(heads)
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global float *keys,
    __global float *values, int query_heads, int key_value_heads, int stride, int norm, float epsilon, float clip) {
  const int row = get_global_id(0);
  __global float *vectors = qkv + (ulong)row * stride;
  __global const float *turns = rotary + (ulong)positions[row] * ROTARY_SIZE;
  const int block = slots[row] / BLOCK, place = slots[row] % BLOCK;
  for (int head = 0; head < query_heads; head++, vectors += HEAD_SIZE) {
    prepare_query(vectors, norm, query_norm, epsilon, clip, turns);
  }
  for (int head = 0; head < key_value_heads; head++, vectors += HEAD_SIZE) {
    prepare_key(
        vectors, norm, key_norm, epsilon, clip, turns, keys + block_offset(block, head, key_value_heads), place);
  }
#if !SHARED
  for (int head = 0; head < key_value_heads; head++, vectors += HEAD_SIZE) {
    prepare_value(vectors, clip, values + block_offset(block, head, key_value_heads), place);
  }
#endif
}
