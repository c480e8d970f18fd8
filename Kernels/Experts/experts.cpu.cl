// Grouped expert products, CPU style.
//
//   gate_up: hidden[s][n] = activate(x[row(s)] · G[e][n], x[row(s)] · U[e][n])      row(s) = slots[s] / CHOSEN
//   down:    out[slots[s]][n] = hidden[s] · D[e][n]                                 activate, biases: activation.clh
//
//   x [rows][K] f32      hidden [rows · CHOSEN][I] f32, in the order of `slots`      out [rows · CHOSEN][K] f32
//   weights: the panels (Common/panels.clh) of one expert behind another; G and U as a gated matrix
//   slots, tiles: Routing/layout.clh
//   a buffer holds the places [firstExpert, firstExpert + experts), of each the features [firstFeature, firstFeature + N)
//
// A work-item (panel p, entry t of `tiles`) owns one panel of one expert and walks the entry's rows in tiles of 8.
#include "Common/prelude.clh"
#include "Common/panels.clh"
#define VALUE vfloat
#include "Experts/activation.clh"
#include "Routing/layout.clh"

#define HALF (VECTORS / 2)  // vectors of the gate in a panel, and of the up projection

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gate_up(
    __global const float *x, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *hidden, int K, int I, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  const int panel = get_global_id(0);
  const int4 tile = vload4(get_global_id(1), tiles);
  const int expert = tile.x - firstExpert;
  if (tile.y == tile.z || expert < 0 || expert >= experts) return;
  __global const weight_t *weights = w + ((ulong)expert * get_global_size(0) + panel) * PANEL_SIZE(K);
  const int column = panel * (PANEL / 2);

  for (int s = tile.y; s < tile.z;) {
    __global const float *sources[8];
    UNROLL for (int r = 0; r < 8; r++) sources[r] = x + (ulong)(slots[min(s + r, tile.z - 1)] / CHOSEN) * K;
    vfloat acc[8][VECTORS];
    const int count = panel_tile(sources, tile.z - s, weights, K, acc);
    for (int r = 0; r < count; r++) {
      __global float *out = hidden + (ulong)(s + r) * I + firstFeature + column;
      UNROLL for (int v = 0; v < HALF; v++) {
        const int left = N - column - v * LANES;
        vfloat gate = acc[r][v], up = acc[r][HALF + v];
#if BIAS
        __global const float *gates = bias + (ulong)tile.w * 2 * I + firstFeature + column + v * LANES;
        gate += load_columns(gates, left);
        up += load_columns(gates + I, left);
#endif
        store_columns(activate(gate, up, alpha, limit), out + v * LANES, left);
      }
    }
    s += count;
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void down(
    __global const float *hidden, __global const weight_t *w, __global const int *slots, __global const int *tiles,
    __global float *out, int I, int K, int firstExpert, int experts, int firstFeature, int N,
    __global const float *bias, float alpha, float limit) {
  const int panel = get_global_id(0);
  const int4 tile = vload4(get_global_id(1), tiles);
  const int expert = tile.x - firstExpert;
  if (tile.y == tile.z || expert < 0 || expert >= experts) return;
  __global const weight_t *weights = w + ((ulong)expert * get_global_size(0) + panel) * PANEL_SIZE(I);
  const int column = panel * PANEL;

  for (int s = tile.y; s < tile.z;) {
    __global const float *sources[8];
    UNROLL for (int r = 0; r < 8; r++) sources[r] = hidden + (ulong)min(s + r, tile.z - 1) * I;
    vfloat acc[8][VECTORS];
    const int count = panel_tile(sources, tile.z - s, weights, I, acc);
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
