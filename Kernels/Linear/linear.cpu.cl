// Dense linear layer, CPU style: y[r][n] = (sum over k of x[r][k] · W[n][k] + bias[n]) · scale, or y += it.
//
//   x [rows][K], row-major              W in panels (Common/panels.clh)          y [rows][stride] f32
//
// One work-item is one work-group. It owns one panel and walks its rows in tiles of 8:
//
//     work-items (panel p, block b)        W panel p  [K][PANEL]
//     rows b·rowsPerItem …                 stays in cache while the rows pass
#include "Common/prelude.clh"
#include "Common/panels.clh"
#include "Linear/finish.clh"

ITEM_KERNEL(linear)
    __global const x_t *x, __global const weight_t *w, __global float *y,
    int rows,         // rows of x
    int K,            // columns of x
    int N,            // features in this buffer of panels
    int stride,       // columns of y
    int column,       // column of y that feature 0 goes to
    int firstFeature,  // of this buffer
    int accumulate,   // 1: y += x Wᵀ
    int rowsPerItem, __global const float *bias, float scale) {
  const int panel = get_global_id(0);
  const int feature = panel * PANEL;
  y += column + firstFeature + feature;
  bias += firstFeature + feature;
  __global const weight_t *weights = w + panel * PANEL_SIZE(K);
  const int begin = get_global_id(1) * rowsPerItem;
  const int end = min(begin + rowsPerItem, rows);

  for (int row = begin; row < end;) {
    __global const x_t *sources[8];
    UNROLL for (int r = 0; r < 8; r++) sources[r] = x + min(row + r, end - 1) * X_ROW(K);
    for (int r = 0; r < min(8, end - row); r++) FETCH_TARGET(y + (ulong)(row + r) * stride);
    vfloat acc[8][VECTORS];
    const int count = panel_tile(
        sources, end - row, weights, fetch_for(weights, weights + PANEL_SIZE(K), K, row - begin, end - begin), K, acc);
    for (int r = 0; r < count; r++) {
      __global float *out = y + (ulong)(row + r) * stride;
      UNROLL for (int v = 0; v < VECTORS; v++) {
        const int left = N - feature - v * LANES;
        if (left <= 0) break;
        vfloat value = acc[r][v];
        value = FINISH(value, load_columns(bias + v * LANES, left), scale);
        if (accumulate) value += load_columns(out + v * LANES, left);
        store_columns(value, out + v * LANES, left);
      }
    }
    row += count;
  }
}
