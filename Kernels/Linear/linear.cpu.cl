// Dense linear layer, CPU style: y[r][n] = sum over k of x[r][k] · W[n][k], or y += it.
//
//   x [rows][K] f32, row-major          W in panels (Common/panels.clh)          y [rows][stride] f32
//
// One work-item is one work-group. It owns one panel and walks its rows in tiles of 8:
//
//     work-items (panel p, block b)        W panel p  [K][PANEL]
//     rows b·rowsPerItem …                 stays in cache while the rows pass
#include "Common/prelude.clh"
#include "Common/panels.clh"

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void linear(
    __global const float *x, __global const weight_t *w, __global float *y,
    int rows,         // rows of x
    int K,            // columns of x
    int N,            // features in this buffer of panels
    int stride,       // columns of y
    int firstColumn,  // column of y that this buffer's first feature goes to
    int accumulate,   // 1: y += x Wᵀ
    int rowsPerItem) {
  const int panel = get_global_id(0);
  const int column = panel * PANEL;
  __global const weight_t *weights = w + panel * PANEL_SIZE(K);
  const int begin = get_global_id(1) * rowsPerItem;
  const int end = min(begin + rowsPerItem, rows);

  for (int row = begin; row < end;) {
    __global const float *sources[8];
    UNROLL for (int r = 0; r < 8; r++) sources[r] = x + (ulong)min(row + r, end - 1) * K;
    vfloat acc[8][VECTORS];
    const int count = panel_tile(sources, end - row, weights, K, acc);
    for (int r = 0; r < count; r++) {
      __global float *out = y + (ulong)(row + r) * stride + firstColumn + column;
      UNROLL for (int v = 0; v < VECTORS; v++) {
        const int left = N - column - v * LANES;
        if (left <= 0) break;
        vfloat value = acc[r][v];
        if (accumulate) {
          if (left >= LANES) {
            value += VLOAD(0, out + v * LANES);
          } else {
            float lanes[LANES];
            for (int i = 0; i < LANES; i++) lanes[i] = i < left ? out[v * LANES + i] : 0.0f;
            value += VLOAD(0, lanes);
          }
        }
        store_columns(value, out + v * LANES, left);
      }
    }
    row += count;
  }
}
