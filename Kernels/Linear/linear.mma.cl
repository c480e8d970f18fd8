// Dense linear layer on matrix units: y[r][n] = (sum over k of x[r][k] · W[n][k] + bias[n]) · scale, or y += it.
//
//   x [rows][K], row-major, f32 or codes (row_t)      W [N][K] (Common/mma_product.clh)      y [rows][stride] f32
//
// A work-group makes GROUP_STRIPS strips (index 0) of TOKENS rows (index 1).
#include "Common/prelude.clh"
#include "Common/mma_multiply.clh"
#include "Linear/finish.clh"

// One lane's sums of a strip and tile: two features of rows c and c + 1.
static inline __attribute__((always_inline)) void store(
    const float sums[4], int strip, int row, int rows, __global float *y, int N, int stride, int accumulate,
    __global const float *bias, float scale) {
  for (int i = 0; i < 4; i++) {
    const int r = row + get_local_id(0) % 4 * 2 + i % 2, n = strip_feature(strip, i / 2, 0);
    if (r >= rows || n >= N) continue;
    __global float *out = y + (ulong)r * stride + n;
    const float value = FINISH(sums[i], bias[n], scale);
    *out = accumulate ? *out + value : value;
  }
}

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void linear(
    __global const row_t *x, __global const weight_t *w, __global float *y,
    int rows,         // rows of x
    int K,            // columns of x
    int N,            // features in this buffer
    int stride,       // columns of y
    int column,       // column of y that feature 0 goes to
    int firstFeature,  // of this buffer
    int accumulate,   // 1: y += x Wᵀ
    int rowsPerItem,  // unused in this style
    __global const float *bias, float scale) {
  const int begin = get_group_id(1) * TOKENS, end = min(begin + TOKENS, rows);
  y += column + firstFeature;
  bias += firstFeature;
#define ROW(row) (x + (ulong)(row) * ROW_LENGTH(K))
#define STORE(sums, strip, first) store(sums, strip, first, rows, y, N, stride, accumulate, bias, scale)
  MULTIPLY(w, N, K, 0, ROW, STORE)
}
