// Grouped expert products on matrix units.
//
//   gate_up: hidden[s][n] = activate(x[row(s)] · G[e][n], x[row(s)] · U[e][n])      row(s) = slots[s] / CHOSEN
//   down:    out[slots[s]][n] = hidden[s] · D[e][n]                                 activate, biases: activation.clh
//
//   x [rows][K], f32 or codes (row_t)      hidden [rows · CHOSEN][I] f32, in the order of `slots`; as `down` takes it, row_t
//   out [rows · CHOSEN][K] f32
//   weights (Common/mma_product.clh), one expert behind another; G and U as a gated matrix
//   slots, tiles: Routing/layout.clh, with tileRows = TOKENS
//   a buffer holds the experts [firstExpert, firstExpert + experts), of each the features [firstFeature, firstFeature + N)
//
// A work-group makes GROUP_STRIPS strips (index 0) of one entry of `tiles` (index 1).
#include "Common/prelude.clh"
#include "Common/mma_multiply.clh"
#include "Experts/activation.clh"
#include "Routing/layout.clh"

// One lane's sums of a strip and a tile that begins at slot `first`: gate and up of feature g, for two slots.
static inline __attribute__((always_inline)) void store_hidden(
    const float sums[4], int strip, int first, int end, __global float *hidden, int I, int N, __global const float *bias,
    float alpha, float limit) {
  const int n = strip_feature(strip, 0, 1);
  for (int i = 0; i < 2; i++) {
    const int slot = first + get_local_id(0) % 4 * 2 + i;
    if (slot >= end || n >= N) continue;
    float gate = sums[i], up = sums[2 + i];
#if BIAS
    gate += bias[n];
    up += bias[I + n];
#endif
    hidden[(ulong)slot * I + n] = activate(gate, up, alpha, limit);
  }
}

// Two features of two slots.
static inline __attribute__((always_inline)) void store_out(
    const float sums[4], int strip, int first, int end, __global const int *slots, __global float *out, int K, int N,
    __global const float *bias) {
  for (int i = 0; i < 4; i++) {
    const int slot = first + get_local_id(0) % 4 * 2 + i % 2, n = strip_feature(strip, i / 2, 0);
    if (slot < end && n < N) out[(ulong)slots[slot] * K + n] = BIAS ? sums[i] + bias[n] : sums[i];
  }
}

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void gate_up(
    __global const row_t *x, __global const weight_t *w, __global const int *slots, __global const int *entries,
    __global float *hidden, int K, int I, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  const int4 entry = vload4(get_group_id(1), entries);
  const int expert = entry.x - firstExpert, begin = entry.y, end = entry.z;
  if (begin == end || expert < 0 || expert >= experts) return;
  w += expert * matrix_size(N, K, 1);
  hidden += firstFeature;
  bias += BIAS * ((ulong)entry.w * 2 * I + firstFeature);
#define ROW(slot) (x + (ulong)(slots[slot] / CHOSEN) * ROW_LENGTH(K))
#define STORE(sums, strip, first) store_hidden(sums, strip, first, end, hidden, I, N, bias, alpha, limit)
  MULTIPLY(w, N, K, 1, ROW, STORE)
#undef ROW
#undef STORE
}

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void down(
    __global const row_t *hidden, __global const weight_t *w, __global const int *slots, __global const int *entries,
    __global float *out, int I, int K, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  const int4 entry = vload4(get_group_id(1), entries);
  const int expert = entry.x - firstExpert, begin = entry.y, end = entry.z;
  if (begin == end || expert < 0 || expert >= experts) return;
  w += expert * matrix_size(N, I, 0);
  out += firstFeature;
  bias += BIAS * ((ulong)entry.w * K + firstFeature);
#define ROW(slot) (hidden + (ulong)(slot) * ROW_LENGTH(I))
#define STORE(sums, strip, first) store_out(sums, strip, first, end, slots, out, K, N, bias)
  MULTIPLY(w, N, I, 0, ROW, STORE)
#undef ROW
#undef STORE
}
