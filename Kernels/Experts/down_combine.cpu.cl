// Down projection of a single row's experts, and what combine.cl does with it, in one launch, CPU style: the steps and bits of
// both.
//
//   x[n] += Σ over j of weights[j] · (hidden of slot j · D[e(j)][n]), in the order of j      biases: activation.clh
//
//   hidden [CHOSEN][I], in the order of `slots`      x [K], weights [CHOSEN] f32      slots, tiles: Routing/layout.clh
//   w: the panels (Common/panels.clh) of one expert behind another; all experts are in this buffer
//
// A work-item owns a panel of each expert.
#include "Common/prelude.clh"
#include "Common/panels.clh"
#define VALUE vfloat
#include "Experts/activation.clh"
#include "Routing/layout.clh"

ITEM_KERNEL(down_combine)
    __global const x_t *hidden, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *x, int I, int K, __global const float *bias, __global const float *weights) {
  const int panel = get_global_id(0), column = panel * PANEL;
  vfloat sum[VECTORS];
  UNROLL for (int v = 0; v < VECTORS; v++) sum[v] = load_columns(x + column + v * LANES, K - column - v * LANES);
  NO_UNROLL for (int j = 0; j < CHOSEN; j++) {
    // Each slot of a single row is an entry of its own.
    int t = 0;
    while (slots[t] != j) t++;
    const int4 tile = vload4(t, tiles);
    __global const x_t *source = hidden + t * X_ROW(I);
    vfloat acc[1][VECTORS];
    panel_tile_1(&source, w + ((ulong)tile.x * get_global_size(0) + panel) * PANEL_SIZE(I), I, acc);
    UNROLL for (int v = 0; v < VECTORS; v++) {
#if BIAS
      acc[0][v] += load_columns(
          bias + (ulong)tile.w * K + column + v * LANES, K - column - v * LANES);
#endif
      sum[v] = fma((vfloat)(weights[j]), acc[0][v], sum[v]);
    }
  }
  UNROLL for (int v = 0; v < VECTORS; v++) {
    store_columns(sum[v], x + column + v * LANES, K - column - v * LANES);
  }
}
