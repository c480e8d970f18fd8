// Heads, for attention on matrix units: norm, clipping and rotary embedding (heads.clh), and the keys and values into the
// cache.
//
//   qkv [rows][stride] f32: Q query heads, KV key heads, KV value heads; queries change in place
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block
//   keys, values, spoiled: pieces.clh
//
// A work-group does one head (index 0) of one row (index 1), or all heads of a row (heads_group.clh).
#include "Common/prelude.clh"
#include "Common/fragments.clh"
#include "Attention/layout.clh"
#include "Attention/heads_group.clh"
#include "Attention/pieces.clh"

// Stores the two pieces of x, the smaller one 4 elements behind.
static inline void store_pieces(__global ushort *element, float x) {
  const uint larger = round_pair(x, 0.0f) & 0xffff;
  element[0] = larger;
  element[4] = round_pair(x - as_float(larger << 16), 0.0f) & 0xffff;
}

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(GROUP, 1, 1))) void heads(
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global ushort *keys,
    __global ushort *values, int query_heads, int key_value_heads, int stride, int norm, float epsilon, float clip,
    __global int *spoiled) {
#define STORE(head, d, scaled, turns)                                                             \
  {                                                                                               \
    const int key = head - query_heads, value = key - key_value_heads;                            \
    const ulong unit = (ulong)block * key_value_heads + (value < 0 ? key : value);                \
    if (key < 0) {                                                                                \
      vectors[head * HEAD_SIZE + d] = rotated(scaled, turns, d);                                  \
    } else if (value < 0) {                                                                       \
      store_pieces(keys + unit * UNIT * 8 + key_element(place, d), rotated(scaled, turns, d));    \
    } else {                                                                                      \
      store_pieces(values + unit * UNIT * 8 + value_element(place, d), scaled[d]);                \
      if (!isfinite(scaled[d])) spoiled[unit] = 1;                                                \
    }                                                                                             \
  }
  EACH_HEAD(STORE)
}
