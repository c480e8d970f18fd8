// Grouped expert products, plain GPU style.
//
//   gate_up: hidden[s][n] = activate(x[row(s)] · G[e][n], x[row(s)] · U[e][n])      row(s) = slots[s] / CHOSEN
//   down:    out[slots[s]][n] = hidden[s] · D[e][n]                                 activate, biases: activation.clh
//
//   x [rows][K] f32      hidden [rows · CHOSEN][I] f32, in the order of `slots`      out [rows · CHOSEN][K] f32
//   weights (Common/weights.clh), one expert behind another; G and U as a gated matrix
//   slots, tiles: Routing/layout.clh, with tileRows = BLOCK_M
//   a buffer holds the places [firstExpert, firstExpert + experts), of each the features [firstFeature, firstFeature + N)
//
// A work-group makes BLOCK_N features of one entry of `tiles` (Common/tiles.clh).
#include "Common/prelude.clh"
#include "Common/weights.clh"
#include "Common/tiles.clh"
#include "Experts/activation.clh"
#include "Routing/layout.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(THREADS_N, THREADS_M, 1))) void gate_up(
    __global const float *x, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *hidden, int K, int I, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  ROWS(xs);
  __local float gates[BLOCK_K][BLOCK_N + 1];
  __local float ups[BLOCK_K][BLOCK_N + 1];
  __local ulong rowOffset[BLOCK_M];
  __local float exchange[EXCHANGE_SIZE_OF(THREADS)];
  const int thread = get_local_id(1) * THREADS_N + get_local_id(0), tm = thread / ITEMS_N, tn = thread % ITEMS_N;
  const int first = get_group_id(0) * BLOCK_N;
  const int4 tile = vload4(get_group_id(1), tiles);
  const int expert = tile.x - firstExpert, rows = tile.z - tile.y;
  if (rows == 0 || expert < 0 || expert >= experts) return;
  w += expert * weights_size(N, K, 1);
  for (int m = thread; m < rows; m += THREADS) rowOffset[m] = (ulong)(slots[tile.y + m] / CHOSEN) * K;
  float g[OWN_M][OWN_N] = {{0.0f}}, u[OWN_M][OWN_N] = {{0.0f}};
  for (int k = 0; k < K; k += BLOCK_K) {
    barrier(CLK_LOCAL_MEM_FENCE);
    load_rows(xs, x, rowOffset, rows, k, K, thread);
    load_weights(gates, w, first, N, k, K, ROLE_GATE, thread);
    load_weights(ups, w, first, N, k, K, ROLE_UP, thread);
    barrier(CLK_LOCAL_MEM_FENCE);
    const int steps = min(BLOCK_K, K - k);
    multiply_step(xs, gates, steps, thread, g, exchange);
    multiply_step(xs, ups, steps, thread, u, exchange);
  }
  for (int m = 0; m < OWN_M; m++) {
    for (int n = 0; n < OWN_N; n++) {
      const int row = tm + m * ITEMS_M, column = first + tn + n * ITEMS_N;
      if (row < rows && column < N) {
#if BIAS
        __global const float *gate_bias = bias + (ulong)tile.w * 2 * I + firstFeature + column;
        g[m][n] += gate_bias[0];
        u[m][n] += gate_bias[I];
#endif
        hidden[(ulong)(tile.y + row) * I + firstFeature + column] = activate(g[m][n], u[m][n], alpha, limit);
      }
    }
  }
}

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(THREADS_N, THREADS_M, 1))) void down(
    __global const float *hidden, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *out, int I, int K, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  ROWS(xs);
  __local float ws[BLOCK_K][BLOCK_N + 1];
  __local ulong rowOffset[BLOCK_M];
  __local float exchange[EXCHANGE_SIZE_OF(THREADS)];
  const int thread = get_local_id(1) * THREADS_N + get_local_id(0), tm = thread / ITEMS_N, tn = thread % ITEMS_N;
  const int first = get_group_id(0) * BLOCK_N;
  const int4 tile = vload4(get_group_id(1), tiles);
  const int expert = tile.x - firstExpert, rows = tile.z - tile.y;
  if (rows == 0 || expert < 0 || expert >= experts) return;
  w += expert * weights_size(N, I, 0);
  for (int m = thread; m < rows; m += THREADS) rowOffset[m] = (ulong)(tile.y + m) * I;
  float sum[OWN_M][OWN_N] = {{0.0f}};
  for (int k = 0; k < I; k += BLOCK_K) {
    barrier(CLK_LOCAL_MEM_FENCE);
    load_rows(xs, hidden, rowOffset, rows, k, I, thread);
    load_weights(ws, w, first, N, k, I, ROLE_PLAIN, thread);
    barrier(CLK_LOCAL_MEM_FENCE);
    multiply_step(xs, ws, min(BLOCK_K, I - k), thread, sum, exchange);
  }
  for (int m = 0; m < OWN_M; m++) {
    for (int n = 0; n < OWN_N; n++) {
      const int row = tm + m * ITEMS_M, column = first + tn + n * ITEMS_N;
      if (row >= rows || column >= N) continue;
#if BIAS
      sum[m][n] += bias[(ulong)tile.w * K + firstFeature + column];
#endif
      out[(ulong)slots[tile.y + row] * K + firstFeature + column] = sum[m][n];
    }
  }
}
