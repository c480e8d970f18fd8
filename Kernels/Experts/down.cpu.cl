// Down projection of experts, CPU style.
//
//   out[slots[s]][n] = hidden[s] · D[e][n]      biases: activation.clh
//
//   hidden [rows · CHOSEN][I], in the order of `slots`      out [rows · CHOSEN][K] f32      slots, tiles: Routing/layout.clh
//   weights: the panels (Common/panels.clh) of one expert behind another
//   a buffer holds the places [firstExpert, firstExpert + experts), of each the features [firstFeature, firstFeature + N)
//
// A work-item (panel p, entry t of `tiles`) owns a panel of one expert, and walks the entry's rows in tiles of 8.
#include "Common/prelude.clh"
#include "Common/panels.clh"
#include "Experts/activation.clh"
#include "Routing/layout.clh"

ITEM_KERNEL(down)
    __global const x_t *hidden, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *out, int I, int K, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  const int panel = get_global_id(0);
  const int4 tile = vload4(get_global_id(1), tiles);
  const int expert = tile.x - firstExpert;
  if (tile.y == tile.z || expert < 0 || expert >= experts) return;
  __global const weight_t *weights = w + ((ulong)expert * get_global_size(0) + panel) * PANEL_SIZE(I);
  const int column = panel * PANEL;

  for (int s = tile.y; s < tile.z;) {
    __global const x_t *sources[8];
    UNROLL for (int r = 0; r < 8; r++) sources[r] = hidden + min(s + r, tile.z - 1) * X_ROW(I);
    for (int r = 0; r < min(8, tile.z - s); r++) {
      FETCH_TARGET(out + (ulong)slots[s + r] * K + firstFeature + column);
    }
    vfloat acc[8][VECTORS];
    const int count = panel_tile(
        sources, tile.z - s, weights, fetch_for(weights, weights + PANEL_SIZE(I), I, s - tile.y, tile.z - tile.y), I, acc);
    for (int r = 0; r < count; r++) {
      __global float *target = out + (ulong)slots[s + r] * K + firstFeature + column;
      UNROLL for (int v = 0; v < VECTORS; v++) {
        const int left = N - column - v * LANES;
        vfloat value = acc[r][v];
#if BIAS
        value += load_columns(bias + (ulong)tile.w * K + firstFeature + column + v * LANES, left);
#endif
        store_columns(value, target + v * LANES, left);
      }
    }
    s += count;
  }
}
