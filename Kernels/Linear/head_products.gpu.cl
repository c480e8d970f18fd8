// Products of heads, plain GPU style: of each head the first K elements of its part of x through a matrix of its own, the
// others as they are behind them.
//
//   y[r][h · size + n] = sum over k of x[r][h · head_size + k] · W[h][n][k]      size = N + head_size − K
//   y[r][h · size + N + i] = x[r][h · head_size + K + i]
//
//   x [rows][x_stride] f32      y [rows][y_stride] f32      W [heads][N][K] (Common/weights.clh)
//
// A work-group makes a block of BLOCK_M rows × BLOCK_N features (Common/tiles.clh) of one head (index 2); that of the first
// features copies, too.
#include "Common/prelude.clh"
#include "Common/weights.clh"
#include "Common/tiles.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(THREADS_N, THREADS_M, 1))) void head_products(
    __global const float *x, __global const weight_t *w, __global float *y, int rows, int K, int N, int head_size,
    int x_stride, int y_stride,
    int first_head) {  // of this buffer
  ROWS(xs);
  __local float ws[BLOCK_K][BLOCK_N + 1];
  __local ulong rowOffset[BLOCK_M];
  __local float exchange[EXCHANGE_SIZE_OF(THREADS)];
  const int thread = get_local_id(1) * THREADS_N + get_local_id(0), tm = thread / ITEMS_N, tn = thread % ITEMS_N;
  const int head = first_head + get_group_id(2);
  const int firstRow = get_group_id(1) * BLOCK_M, first = get_group_id(0) * BLOCK_N;
  for (int m = thread; m < BLOCK_M; m += THREADS) rowOffset[m] = (ulong)(firstRow + m) * x_stride;
  x += head * head_size;
  y += head * (N + head_size - K);
  w += get_group_id(2) * weights_size(N, K, 0);
  float sum[OWN_M][OWN_N] = {{0.0f}};
  for (int k = 0; k < K; k += BLOCK_K) {
    barrier(CLK_LOCAL_MEM_FENCE);
    load_rows(xs, x, rowOffset, rows - firstRow, k, K, thread);
    load_weights(ws, w, first, N, k, K, ROLE_PLAIN, thread);
    barrier(CLK_LOCAL_MEM_FENCE);
    multiply_step(xs, ws, min(BLOCK_K, K - k), thread, sum, exchange);
  }
  for (int m = 0; m < OWN_M; m++) {
    const int row = firstRow + tm + m * ITEMS_M;
    for (int n = 0; n < OWN_N; n++) {
      const int feature = first + tn + n * ITEMS_N;
      if (row < rows && feature < N) y[(ulong)row * y_stride + feature] = sum[m][n];
    }
  }
  if (first != 0) return;
  const int others = head_size - K;
  for (int i = thread; i < others * BLOCK_M; i += THREADS) {
    const int row = firstRow + i / others, k = i % others;
    if (row < rows) y[(ulong)row * y_stride + N + k] = x[(ulong)row * x_stride + K + k];
  }
}
