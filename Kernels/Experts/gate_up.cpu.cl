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
#define VALUE vfloat
#include "Experts/activation.clh"
#include "Routing/layout.clh"
#define HELD 64  // a multiple of 8

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
    vfloat sums[2][HELD][VECTORS];  // of the gate and of the up projection
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
    // A loop of its own, short enough that the exponentials of several rows overlap.
    for (int r = 0; r < end - begin; r++) {
      UNROLL for (int v = 0; v < VECTORS; v++) {
        vfloat gate = sums[0][r][v], up = sums[1][r][v];
#if BIAS
        __global const float *own = bias + (ulong)tile.w * 2 * I + firstFeature + column + v * LANES;
        gate += load_columns(own, left - v * LANES);
        up += load_columns(own + I, left - v * LANES);
#endif
        sums[0][r][v] = activate(gate, up, alpha, limit);
      }
    }
    for (int r = 0; r < end - begin; r++) {
      const ulong s = begin + r;
#if MAKES_ROWS
      const float *values = (const float *)sums[0][r];
      store_made(vload16(0, values), vload16(1, values), made + s * MADE_BYTES(I), (firstFeature + column) / MADE_GROUP);
#else
      UNROLL for (int v = 0; v < VECTORS; v++) {
        store_columns(sums[0][r][v], hidden + s * I + firstFeature + column + v * LANES, left - v * LANES);
      }
#endif
    }
  }
}
