// Grouped expert products on matrix units.
//
//   gate_up: hidden[s][n] = activate(x[row(s)] · G[e][n], x[row(s)] · U[e][n])      row(s) = slots[s] / CHOSEN
//   down:    out[slots[s]][n] = hidden[s] · D[e][n]                                 activate, biases: activation.clh
//
//   x [rows][K] f32      hidden [rows · CHOSEN][I] f32, in the order of `slots`      out [rows · CHOSEN][K] f32
//   weights in strips (Common/fragments.clh), one expert behind another; G and U as a gated matrix
//   slots, tiles: Routing/layout.clh, with tileRows = TOKENS
//   a buffer holds the experts [firstExpert, firstExpert + experts), of each the features [firstFeature, firstFeature + N)
//
// A work-group makes GROUP_STRIPS strips (index 0) of one entry of `tiles` (index 1).
#include "Common/prelude.clh"
#include "Common/mma_split.clh"
#include "Common/mma_tiled.clh"
#include "Experts/activation.clh"
#include "Routing/layout.clh"

// One lane's sums of a strip and a tile that begins at slot `first`: gate and up of feature g, for two slots.
static inline __attribute__((always_inline)) void store_hidden(
    const float sums[4], int strip, int first, int end, __global float *hidden, int I, int N, __global const float *bias,
    float alpha, float limit) {
  const int lane = get_local_id(0) % 32, n = strip * 8 + lane / 4;
  for (int i = 0; i < 2; i++) {
    const int slot = first + lane % 4 * 2 + i;
    if (slot >= end || n >= N) continue;
    float gate = sums[i], up = sums[2 + i];
#if BIAS
    gate += bias[n];
    up += bias[I + n];
#endif
    hidden[(ulong)slot * I + n] = activate(gate, up, alpha, limit);
  }
}

// Features g and g + 8 of two slots.
static inline __attribute__((always_inline)) void store_out(
    const float sums[4], int strip, int first, int end, __global const int *slots, __global float *out, int K, int N,
    __global const float *bias) {
  const int lane = get_local_id(0) % 32;
  for (int i = 0; i < 4; i++) {
    const int slot = first + lane % 4 * 2 + i % 2, n = strip * 16 + lane / 4 + i / 2 * 8;
    if (slot < end && n < N) out[(ulong)slots[slot] * K + n] = BIAS ? sums[i] + bias[n] : sums[i];
  }
}

// The product of the group's entry with its strips. `ROW(slot)` is where the slot's WIDTH activations begin,
// `STORE(sums, strip, first)` takes what a lane has made of the tile that begins at slot `first`.
#if SPLIT
#define MULTIPLY(WIDTH, ROW, STORE)                                                                   \
  __local float4 partial[WARPS][TILES][32];                                                    \
  const int strip = get_group_id(0);                                                           \
  __global const float *source[TILES];                                                         \
  UNROLL for (int t = 0; t < TILES; t++) source[t] = ROW(min(begin + t * 8 + lane / 4, end - 1)); \
  float total[OWN][4];                                                                         \
  multiply_split(matrix + (ulong)strip * steps_of(WIDTH) * 32, source, WIDTH, tiles, total, partial, exchange); \
  UNROLL for (int i = 0; i < OWN; i++) {                                                       \
    const int t = warp + i * WARPS;                                                            \
    if (t < tiles) STORE(total[i], strip, begin + t * 8);                                      \
  }
#else
#define MULTIPLY(WIDTH, ROW, STORE)                                                                                       \
  __local stage_t stages[2];                                                                                       \
  const int strip = get_group_id(0) * GROUP_STRIPS + warp / WARPS_T * STRIPS;                                      \
  __global const uint4 *source[STRIPS];                                                                            \
  UNROLL for (int s = 0; s < STRIPS; s++) source[s] = matrix + (ulong)min(strip + s, strips - 1) * steps_of(WIDTH) * 32 + lane; \
  __global const float *row[LOADS];                                                                                \
  UNROLL for (int i = 0; i < LOADS; i++) {                                                                         \
    row[i] = ROW(min(begin + warp * 8 + i * LOAD_ROWS + lane / ROW_LANES, end - 1));                               \
  }                                                                                                                \
  float total[STRIPS][TILES][4];                                                                                   \
  multiply_tiled(source, row, WIDTH, (tiles + WARPS_T - 1) / WARPS_T, total, stages, exchange);                           \
  UNROLL for (int s = 0; s < STRIPS; s++) {                                                                        \
    UNROLL for (int t = 0; t < TILES; t++) STORE(total[s][t], strip + s, begin + (t * WARPS_T + warp % WARPS_T) * 8); \
  }
#endif

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void gate_up(
    __global const float *x, __global const uint4 *w, __global const int *slots, __global const int *entries,
    __global float *hidden, int K, int I, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  __local uint exchange[EXCHANGE_SIZE(WARPS)];
  const int lane = get_local_id(0) % 32, warp = get_local_id(0) / 32;
  const int4 entry = vload4(get_group_id(1), entries);
  const int expert = entry.x - firstExpert, begin = entry.y, end = entry.z;
  if (begin == end || expert < 0 || expert >= experts) return;
  const int tiles = (end - begin + 7) / 8, strips = (N + 7) / 8;
  __global const uint4 *matrix = w + (ulong)expert * strips * steps_of(K) * 32;
  hidden += firstFeature;
  bias += BIAS * ((ulong)entry.w * 2 * I + firstFeature);
#define ROW(slot) (x + (ulong)(slots[slot] / CHOSEN) * K)
#define STORE(sums, strip, first) \
  store_hidden(sums, strip, first, end, hidden, I, N, bias, alpha, limit)
  MULTIPLY(K, ROW, STORE)
#undef ROW
#undef STORE
}

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void down(
    __global const float *hidden, __global const uint4 *w, __global const int *slots, __global const int *entries,
    __global float *out, int I, int K, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  __local uint exchange[EXCHANGE_SIZE(WARPS)];
  const int lane = get_local_id(0) % 32, warp = get_local_id(0) / 32;
  const int4 entry = vload4(get_group_id(1), entries);
  const int expert = entry.x - firstExpert, begin = entry.y, end = entry.z;
  if (begin == end || expert < 0 || expert >= experts) return;
  const int tiles = (end - begin + 7) / 8, strips = (N + 15) / 16;
  __global const uint4 *matrix = w + (ulong)expert * strips * steps_of(I) * 32;
  out += firstFeature;
  bias += BIAS * ((ulong)entry.w * K + firstFeature);
#define ROW(slot) (hidden + (ulong)(slot) * I)
#define STORE(sums, strip, first) store_out(sums, strip, first, end, slots, out, K, N, bias)
  MULTIPLY(I, ROW, STORE)
#undef ROW
#undef STORE
}
