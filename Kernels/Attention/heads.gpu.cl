// Heads, GPU style: norm, clipping and rotary embedding (heads.clh), and the keys and values into the cache.
//
//   qkv [rows][stride] f32: Q query heads, KV key heads, and KV value heads unless SHARED; queries change in place
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block      keys, values: layout.clh
//
// A work-group does one head (index 0) of one row (index 1), or all heads of a row (heads_group.clh).
#include "Common/prelude.clh"
#include "Attention/layout.clh"
#include "Attention/heads_group.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(GROUP, 1, 1))) void heads(
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global float *keys,
    __global float *values, int query_heads, int key_value_heads, int stride, int norm, float epsilon, float clip) {
#define STORE(head, d, scaled, turns)                                                                    \
  {                                                                                                      \
    const int key = head - query_heads, value = key - key_value_heads;                                   \
    if (key < 0) {                                                                                       \
      vectors[head * HEAD_SIZE + d] = rotated(scaled, turns, d);                                         \
    } else if (value < 0) {                                                                              \
      keys[block_offset(block, key, key_value_heads) + d * BLOCK + place] = rotated(scaled, turns, d);   \
    } else {                                                                                             \
      values[block_offset(block, value, key_value_heads) + place * HEAD_SIZE + d] = scaled[d];           \
    }                                                                                                    \
  }
  EACH_HEAD(STORE)
}
