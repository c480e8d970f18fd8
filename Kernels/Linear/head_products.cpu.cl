// Products of heads, CPU style: of each head the first K elements of its part of x through a matrix of its own, the others as
// they are behind them.
//
//   y[r][h · size + n] = sum over k of x[r][h · head_size + k] · W[h][n][k]      size = N + head_size − K
//   y[r][h · size + N + i] = x[r][h · head_size + K + i]
//
//   x [rows][x_stride] f32      y [rows][y_stride] f32      W: the panels (Common/panels.clh) of one head behind another
//
// A work-item (panel, head, block of ROW_BLOCK rows) owns one panel; that of the first panel copies, too.
#include "Common/prelude.clh"
#include "Common/panels.clh"

#define ROW_BLOCK 64

ITEM_KERNEL(head_products)
    __global const float *x, __global const weight_t *w, __global float *y, int rows, int K, int N, int head_size,
    int x_stride, int y_stride,
    int first_head) {  // of this buffer
  const int panel = get_global_id(0), head = first_head + get_global_id(1), feature = panel * PANEL;
  __global const weight_t *weights = w + ((ulong)get_global_id(1) * get_global_size(0) + panel) * PANEL_SIZE(K);
  const int begin = get_global_id(2) * ROW_BLOCK, end = min(begin + ROW_BLOCK, rows);
  x += head * head_size;
  y += head * (N + head_size - K);
  for (int row = begin; row < end;) {
    __global const float *sources[8];
    UNROLL for (int r = 0; r < 8; r++) sources[r] = x + (ulong)min(row + r, end - 1) * x_stride;
    for (int r = 0; r < min(8, end - row); r++) FETCH_TARGET(y + (ulong)(row + r) * y_stride + feature);
    vfloat acc[8][VECTORS];
    const int count = panel_tile(
        sources, end - row, weights, fetch_for(weights, weights + PANEL_SIZE(K), K, row - begin, end - begin), K, acc);
    for (int r = 0; r < count; r++) {
      __global float *out = y + (ulong)(row + r) * y_stride + feature;
      UNROLL for (int v = 0; v < VECTORS; v++) store_columns(acc[r][v], out + v * LANES, N - feature - v * LANES);
    }
    row += count;
  }
  if (panel != 0) return;
  for (int row = begin; row < end; row++) {
    for (int i = K; i < head_size; i++) y[(ulong)row * y_stride + N + i - K] = x[(ulong)row * x_stride + i];
  }
}
