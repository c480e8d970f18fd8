// Dense linear layer on matrix units: y[r][n] = (sum over k of x[r][k] · W[n][k] + bias[n]) · scale, or y += it.
//
//   x [rows][K] f32, row-major          W [N][K] in strips (Common/fragments.clh)          y [rows][stride] f32
//
// A work-group makes GROUP_STRIPS strips (index 0) of TOKENS rows (index 1).
#include "Common/prelude.clh"
#include "Common/mma_split.clh"
#include "Common/mma_tiled.clh"
#include "Linear/finish.clh"

// One lane's sums of a strip and tile: features g and g + 8 of rows c and c + 1.
static inline __attribute__((always_inline)) void store(const float sums[4], int strip, int row, int rows, __global float *y, int N, int stride, int accumulate,
    __global const float *bias, float scale) {
  const int lane = get_local_id(0) % 32;
  for (int i = 0; i < 4; i++) {
    const int r = row + lane % 4 * 2 + i % 2, n = strip * 16 + lane / 4 + i / 2 * 8;
    if (r >= rows || n >= N) continue;
    __global float *out = y + (ulong)r * stride + n;
    const float value = FINISH(sums[i], bias[n], scale);
    *out = accumulate ? *out + value : value;
  }
}

__kernel __attribute__((reqd_work_group_size(32 * WARPS, 1, 1))) void linear(
    __global const float *x, __global const uint4 *w, __global float *y,
    int rows,         // rows of x
    int K,            // columns of x
    int N,            // features in this buffer
    int stride,       // columns of y
    int column,       // column of y that feature 0 goes to
    int firstFeature,  // of this buffer
    int accumulate,   // 1: y += x Wᵀ
    int rowsPerItem,  // unused in this style
    __global const float *bias, float scale) {
  __local uint exchange[EXCHANGE_SIZE(WARPS)];
  const int lane = get_local_id(0) % 32, warp = get_local_id(0) / 32;
  const int firstRow = get_group_id(1) * TOKENS, tiles = (min(TOKENS, rows - firstRow) + 7) / 8;
  y += column + firstFeature;
  bias += firstFeature;
#if SPLIT
  __local float4 partial[WARPS][TILES][32];
  const int strip = get_group_id(0);
  __global const float *source[TILES];
  UNROLL for (int t = 0; t < TILES; t++) source[t] = x + (ulong)min(firstRow + t * 8 + lane / 4, rows - 1) * K;
  float total[OWN][4];
  multiply_split(w + (ulong)strip * steps_of(K) * 32, source, K, tiles, total, partial, exchange);
  UNROLL for (int i = 0; i < OWN; i++) {
    const int t = warp + i * WARPS;
    if (t < tiles) store(total[i], strip, firstRow + t * 8, rows, y, N, stride, accumulate, bias, scale);
  }
#else
  __local stage_t stages[2];
  const int strip = get_group_id(0) * GROUP_STRIPS + warp / WARPS_T * STRIPS, last = (N + 15) / 16 - 1;
  __global const uint4 *source[STRIPS];
  UNROLL for (int s = 0; s < STRIPS; s++) source[s] = w + (ulong)min(strip + s, last) * steps_of(K) * 32 + lane;
  __global const float *row[LOADS];
  UNROLL for (int i = 0; i < LOADS; i++) {
    row[i] = x + (ulong)min(firstRow + warp * 8 + i * LOAD_ROWS + lane / ROW_LANES, rows - 1) * K;
  }
  float total[STRIPS][TILES][4];
  multiply_tiled(source, row, K, (tiles + WARPS_T - 1) / WARPS_T, total, stages, exchange);
  UNROLL for (int s = 0; s < STRIPS; s++) {
    UNROLL for (int t = 0; t < TILES; t++) {
      const int row = firstRow + (t * WARPS_T + warp % WARPS_T) * 8;
      store(total[s][t], strip + s, row, rows, y, N, stride, accumulate, bias, scale);
    }
  }
#endif
}
