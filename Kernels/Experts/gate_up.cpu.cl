// Gate and up projection of experts, CPU style.
//
//   hidden[s][n] = activate(x[row(s)] · G[e][n], x[row(s)] · U[e][n])      row(s) = slots[s] / CHOSEN; activation.clh
//
//   x [rows][K]      hidden or made [rows · CHOSEN][I], in the order of `slots`      slots, tiles: Routing/layout.clh
//   weights: the panels (Common/panels.clh) of one expert behind another, as a gated matrix
//   a buffer holds the places [firstExpert, firstExpert + experts), of each the features [firstFeature, firstFeature + N)
//
// A work-item (panel p, entry t of `tiles`) owns the panels of one expert's gate and up projection that meet. It walks the
// entry's rows in tiles of 8, HELD rows by the gate's panel and then the same rows by the other, so that one panel at a time
// has to stay in a cache.
//
// CODES, BF16_ROWS  how hidden is made instead (Common/made_rows.clh)
#include "Common/prelude.clh"
#include "Common/made_rows.clh"
#include "Common/panels.clh"
#include "Experts/activate_vectors.clh"
#include "Routing/layout.clh"
#define HELD 64  // a multiple of 8
ACTIVATE(activate_row, PANEL / 16)
ACTIVATE(activate_four_rows, 4 * PANEL / 16)
#define GATES(row) ((float16 *)sums[0][row])
#define UPS(row) ((const float16 *)sums[1][row])

ITEM_KERNEL(gate_up)
    __global const x_t *x, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *hidden, int K, int I, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit MADE_ARGUMENT) {
  const int panel = get_global_id(0);
  const int4 tile = vload4(get_global_id(1), tiles);
  const int expert = tile.x - firstExpert;
  if (tile.y == tile.z || expert < 0 || expert >= experts) return;
  __global const weight_t *weights = w + ((ulong)expert * get_global_size(0) + panel) * 2 * PANEL_SIZE(K);
  const int column = panel * PANEL, left = N - column;

  for (int begin = tile.y; begin < tile.z; begin += HELD) {
    const int end = min(begin + HELD, tile.z);
    // Of the gate and of the up projection, to be read as float16.
    vfloat sums[2][HELD][VECTORS] __attribute__((aligned(64)));
    NO_UNROLL for (int part = 0; part < 2; part++) {
      __global const weight_t *own = weights + part * PANEL_SIZE(K);
      __global const weight_t *next = part && end < tile.z ? weights : own + PANEL_SIZE(K);
      for (int s = begin; s < end;) {
        __global const x_t *sources[8];
        UNROLL for (int r = 0; r < 8; r++) sources[r] = x + slots[min(s + r, end - 1)] / CHOSEN * X_ROW(K);
        s += panel_tile(
            sources, end - s, own, fetch_for(own, next, K, s - begin, end - begin), K, sums[part] + (s - begin));
      }
    }
#if BIAS
    for (int r = 0; r < end - begin; r++) {
      UNROLL for (int v = 0; v < VECTORS; v++) {
        __global const float *own = bias + (ulong)tile.w * 2 * I + firstFeature + column + v * LANES;
        sums[0][r][v] += load_columns(own, left - v * LANES);
        sums[1][r][v] += load_columns(own + I, left - v * LANES);
      }
    }
#endif
    int row = 0;
    for (; row + 4 <= end - begin; row += 4) activate_four_rows(GATES(row), UPS(row), alpha, limit);
    for (; row < end - begin; row++) activate_row(GATES(row), UPS(row), alpha, limit);
#if MAKES_ROWS
    store_made(
        (float16(*)[2])sums[0], end - begin,
        made + begin * MADE_BYTES(I) + (firstFeature + column) / MADE_GROUP * MADE_GROUP_BYTES, MADE_BYTES(I));
#else
    for (int r = 0; r < end - begin; r++) {
      UNROLL for (int v = 0; v < VECTORS; v++) {
        __global float *target = hidden + (ulong)(begin + r) * I + firstFeature + column + v * LANES;
        store_columns(sums[0][r][v], target, left - v * LANES);
      }
    }
#endif
  }
}
