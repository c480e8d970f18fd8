// Heads, for attention on matrix units: RMS norm of queries and keys, rotary embedding, and the keys and values into the cache.
//
//   qkv [rows][(Q + 2 · KV) · HEAD_SIZE] f32: Q query heads, KV key heads, KV value heads; queries change in place
//   rotary [positions][HEAD_SIZE] f32: HEAD_SIZE / 2 cosines, then as many sines
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block
//   keys, values, spoiled: pieces.clh
//
//   norm:   h' = h / sqrt(mean(h²) + epsilon) · weight               (weight of queries or of keys)
//   rotary: h'[i] = h[i] cos − h[i + half] sin,  h'[i + half] = h[i + half] cos + h[i] sin
//
// A work-group of GROUP work-items does one head (index 0) of one row (index 1).
#include "Common/prelude.clh"
#include "Common/group_sum.clh"
#include "Common/fragments.clh"
#include "Attention/layout.clh"
#include "Attention/pieces.clh"

// Stores the two pieces of x, the smaller one 4 elements behind.
static inline void store_pieces(__global ushort *element, float x) {
  const uint larger = round_pair(x, 0.0f) & 0xffff;
  element[0] = larger;
  element[4] = round_pair(x - as_float(larger << 16), 0.0f) & 0xffff;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void heads(
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global ushort *keys,
    __global ushort *values, int query_heads, int key_value_heads, int norm, float epsilon, __global int *spoiled) {
  __local float scratch[GROUP];
  __local float scaled[HEAD_SIZE];
  const int head = get_group_id(0), row = get_group_id(1), item = get_local_id(0);
  const int half_size = HEAD_SIZE / 2;
  __global float *vector = qkv + ((ulong)row * (query_heads + 2 * key_value_heads) + head) * HEAD_SIZE;
  __global const float *turns = rotary + (ulong)positions[row] * HEAD_SIZE;
  const int block = slots[row] / BLOCK, place = slots[row] % BLOCK;
  const int key = head - query_heads, value = key - key_value_heads;
  float sum = 0.0f;
  for (int d = item; d < HEAD_SIZE; d += GROUP) sum = fma(vector[d], vector[d], sum);
  const float scale = 1.0f / sqrt(group_sum(sum, scratch) / HEAD_SIZE + epsilon);
  __global const float *weight = key < 0 ? query_norm : key_norm;
  for (int d = item; d < HEAD_SIZE; d += GROUP) {
    scaled[d] = norm && value < 0 ? vector[d] * scale * weight[d] : vector[d];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const ulong unit = (ulong)block * key_value_heads + (value < 0 ? key : value);
  for (int d = item; d < HEAD_SIZE; d += GROUP) {
    const int i = d % half_size;
    const float other = d < half_size ? -scaled[d + half_size] : scaled[d - half_size];
    const float turned = scaled[d] * turns[i] + other * turns[i + half_size];
    if (key < 0) {
      vector[d] = turned;
    } else if (value < 0) {
      store_pieces(keys + unit * UNIT * 8 + key_element(place, d), turned);
    } else {
      store_pieces(values + unit * UNIT * 8 + value_element(place, d), scaled[d]);
      if (!isfinite(scaled[d])) spoiled[unit] = 1;
    }
  }
}
