// Heads, CPU style: norm, clipping and rotary embedding (heads.clh), and the keys and values into the cache.
//
//   qkv [rows][stride] f32: Q query heads, KV key heads, and KV value heads unless SHARED; queries change in place
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block      keys, values: layout.clh
//
// One work-item does all heads of one row.
#include "Common/prelude.clh"
#include "Norm/rms.clh"
#include "Attention/layout.clh"
#include "Attention/heads.clh"

static inline void turn(
    __global const float *head, int norm, __global const float *weight, float epsilon, float clip,
    __global const float *rotary, float *out) {
  const float scale = norm ? rms_scale(head, NORM_SIZE, epsilon) : 1.0f;
  for (int d = 0; d < HEAD_SIZE; d++) out[d] = CLIPPED(norm && d < NORM_SIZE ? head[d] * scale * weight[d] : head[d], clip);
  for (int i = 0; i < ROTARY_HALF; i++) {
    const float a = out[PAIR_FIRST(i)], b = out[PAIR_SECOND(i)];
    out[PAIR_FIRST(i)] = a * rotary[i] - b * rotary[i + ROTARY_HALF];
    out[PAIR_SECOND(i)] = b * rotary[i] + a * rotary[i + ROTARY_HALF];
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void heads(
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global float *keys,
    __global float *values, int query_heads, int key_value_heads, int stride, int norm, float epsilon, float clip) {
  const int row = get_global_id(0);
  __global float *vectors = qkv + (ulong)row * stride;
  __global const float *turns = rotary + (ulong)positions[row] * ROTARY_SIZE;
  const int block = slots[row] / BLOCK, place = slots[row] % BLOCK;
  float out[HEAD_SIZE];
  for (int head = 0; head < query_heads; head++, vectors += HEAD_SIZE) {
    turn(vectors, norm & 1, query_norm, epsilon, clip, turns, out);
    for (int d = 0; d < HEAD_SIZE; d++) vectors[d] = out[d];
  }
  for (int head = 0; head < key_value_heads; head++, vectors += HEAD_SIZE) {
    turn(vectors, norm & 2, key_norm, epsilon, clip, turns, out);
    __global float *target = keys + block_offset(block, head, key_value_heads) + place;
    for (int d = 0; d < HEAD_SIZE; d++) target[d * BLOCK] = out[d];
  }
#if !SHARED
  for (int head = 0; head < key_value_heads; head++, vectors += HEAD_SIZE) {
    __global float *target = values + block_offset(block, head, key_value_heads) + place * HEAD_SIZE;
    for (int d = 0; d < HEAD_SIZE; d++) target[d] = CLIPPED(vectors[d], clip);
  }
#endif
}
