// Heads, CPU style: RMS norm of queries and keys, rotary embedding, and the keys and values into the cache.
//
//   qkv [rows][(Q + 2 · KV) · HEAD_SIZE] f32: Q query heads, KV key heads, KV value heads; queries change in place
//   rotary [positions][HEAD_SIZE] f32: HEAD_SIZE / 2 cosines, then as many sines
//   positions [rows] i32      slots [rows] i32: block · BLOCK + place in the block      keys, values: layout.clh
//
//   norm:   h' = h / sqrt(mean(h²) + epsilon) · weight               (weight of queries or of keys)
//   rotary: h'[i] = h[i] cos − h[i + half] sin,  h'[i + half] = h[i + half] cos + h[i] sin
//
// One work-item does all heads of one row.
#include "Common/prelude.clh"
#include "Norm/rms.clh"
#include "Attention/layout.clh"

static inline void turn(
    __global const float *head, int norm, __global const float *weight, float epsilon, __global const float *rotary,
    float *out) {
  const int half_size = HEAD_SIZE / 2;
  const float scale = norm ? rms_scale(head, HEAD_SIZE, epsilon) : 1.0f;
  float scaled[HEAD_SIZE];
  for (int d = 0; d < HEAD_SIZE; d++) scaled[d] = norm ? head[d] * scale * weight[d] : head[d];
  for (int d = 0; d < half_size; d++) {
    out[d] = scaled[d] * rotary[d] - scaled[d + half_size] * rotary[d + half_size];
    out[d + half_size] = scaled[d + half_size] * rotary[d] + scaled[d] * rotary[d + half_size];
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void heads(
    __global float *qkv, __global const float *query_norm, __global const float *key_norm,
    __global const float *rotary, __global const int *positions, __global const int *slots, __global float *keys,
    __global float *values, int query_heads, int key_value_heads, int norm, float epsilon) {
  const int row = get_global_id(0);
  __global float *vectors = qkv + (ulong)row * (query_heads + 2 * key_value_heads) * HEAD_SIZE;
  __global const float *turns = rotary + (ulong)positions[row] * HEAD_SIZE;
  const int block = slots[row] / BLOCK, place = slots[row] % BLOCK;
  float out[HEAD_SIZE];
  for (int head = 0; head < query_heads; head++, vectors += HEAD_SIZE) {
    turn(vectors, norm, query_norm, epsilon, turns, out);
    for (int d = 0; d < HEAD_SIZE; d++) vectors[d] = out[d];
  }
  for (int head = 0; head < key_value_heads; head++, vectors += HEAD_SIZE) {
    turn(vectors, norm, key_norm, epsilon, turns, out);
    __global float *target = keys + block_offset(block, head, key_value_heads) + place;
    for (int d = 0; d < HEAD_SIZE; d++) target[d * BLOCK] = out[d];
  }
  for (int head = 0; head < key_value_heads; head++, vectors += HEAD_SIZE) {
    __global float *target = values + block_offset(block, head, key_value_heads) + place * HEAD_SIZE;
    for (int d = 0; d < HEAD_SIZE; d++) target[d] = vectors[d];
  }
}
