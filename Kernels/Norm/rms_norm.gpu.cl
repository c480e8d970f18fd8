// RMS norm, GPU style: out[r][k] = x[r][k] / sqrt(mean over k of x[r][k]² + epsilon) · weight[k].
//
//   x, out [rows][stride] f32, of which the K columns from `first` on      weight [K] f32
//
// A work-group of ROW_GROUP work-items makes one row. Each keeps its first KEPT values, so that rows of up to KEPT ·
// ROW_GROUP are read once, all at the same time.
//
// COMBINED  1: x is first what Experts/combine.cl makes of it, in the same order: x[r][k] += sum over j of
//           shares[r][j] · y[r · CHOSEN + j][k], for y [rows · CHOSEN][K] f32 and shares [rows][CHOSEN] f32; K is the whole row
#include "Common/prelude.clh"
#include "Common/row_group.clh"

#ifndef COMBINED
#define COMBINED 0
#endif
#if COMBINED
#include "Routing/layout.clh"
#endif

#define KEPT 8

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void rms_norm(
#if COMBINED
    __global float *x,
#else
    __global const float *x,
#endif
    __global const float *weight, __global float *out, int K, int stride, int first, float epsilon
#if COMBINED
    , __global const float *y, __global const float *shares
#endif
) {
  __local float scratch[ROW_GROUP];
  const int item = get_local_id(0);
  x += (ulong)get_group_id(0) * stride + first;
  out += (ulong)get_group_id(0) * stride + first;
  float kept[KEPT], weights[KEPT], sum = 0.0f;
  UNROLL for (int i = 0; i < KEPT; i++) {
    const int k = item + i * ROW_GROUP;
    kept[i] = k < K ? x[k] : 0.0f;
    weights[i] = k < K ? weight[k] : 0.0f;
  }
#if COMBINED
  y += (ulong)get_group_id(0) * CHOSEN * K;
  shares += (ulong)get_group_id(0) * CHOSEN;
  for (int j = 0; j < CHOSEN; j++) {
    UNROLL for (int i = 0; i < KEPT; i++) {
      const int k = item + i * ROW_GROUP;
      if (k < K) kept[i] = fma(shares[j], y[(ulong)j * K + k], kept[i]);
    }
  }
  UNROLL for (int i = 0; i < KEPT; i++) {
    const int k = item + i * ROW_GROUP;
    if (k < K) x[k] = kept[i];
  }
  for (int k = item + KEPT * ROW_GROUP; k < K; k += ROW_GROUP) {
    float value = x[k];
    for (int j = 0; j < CHOSEN; j++) value = fma(shares[j], y[(ulong)j * K + k], value);
    x[k] = value;
  }
#endif
  UNROLL for (int i = 0; i < KEPT; i++) sum = fma(kept[i], kept[i], sum);
  for (int k = item + KEPT * ROW_GROUP; k < K; k += ROW_GROUP) sum = fma(x[k], x[k], sum);
  const float scale = 1.0f / sqrt(group_sum(sum, scratch) / K + epsilon);
  UNROLL for (int i = 0; i < KEPT; i++) {
    const int k = item + i * ROW_GROUP;
    if (k < K) out[k] = kept[i] * scale * weights[i];
  }
  for (int k = item + KEPT * ROW_GROUP; k < K; k += ROW_GROUP) out[k] = x[k] * scale * weight[k];
}
