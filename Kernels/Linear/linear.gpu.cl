// Dense linear layer, plain GPU style: y[r][n] = (sum over k of x[r][k] · W[n][k] + bias[n]) · scale, or y += it.
//
//   x [rows][K] f32, row-major          W [N][K] (Common/weights.clh)          y [rows][stride] f32
//
// A work-group makes a block of BLOCK_M rows × BLOCK_N features (Common/tiles.clh).
#include "Common/prelude.clh"
#include "Common/weights.clh"
#include "Common/tiles.clh"
#include "Linear/finish.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(THREADS_N, THREADS_M, 1))) void linear(
    __global const float *x, __global const weight_t *w, __global float *y,
    int rows,         // rows of x
    int K,            // columns of x
    int N,            // features in this buffer
    int stride,       // columns of y
    int column,       // column of y that feature 0 goes to
    int firstFeature,  // of this buffer
    int accumulate,   // 1: y += x Wᵀ
    int rowsPerItem,  // unused in this style
    __global const float *bias, float scale) {
  ROWS(xs);
  __local float ws[BLOCK_K][BLOCK_N + 1];
  __local ulong rowOffset[BLOCK_M];
  __local float exchange[EXCHANGE_SIZE_OF(THREADS)];
  const int thread = get_local_id(1) * THREADS_N + get_local_id(0), tm = thread / ITEMS_N, tn = thread % ITEMS_N;
  const int firstRow = get_group_id(1) * BLOCK_M, first = get_group_id(0) * BLOCK_N;
  for (int m = thread; m < BLOCK_M; m += THREADS) rowOffset[m] = (ulong)(firstRow + m) * K;
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
      if (row >= rows || feature >= N) continue;
      __global float *out = y + (ulong)row * stride + column + firstFeature + feature;
      const float value = FINISH(sum[m][n], bias[firstFeature + feature], scale);
      *out = accumulate ? *out + value : value;
    }
  }
}
