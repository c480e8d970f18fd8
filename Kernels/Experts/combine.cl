// Weighted combine: x[r][k] += sum over j of weights[r][j] · y[r · CHOSEN + j][k], in the order of j.
//
//   x [rows][K] f32      y [rows · CHOSEN][K] f32      weights [rows][CHOSEN] f32
//
// Work-items (part of a row, row); a work-item makes SPAN consecutive columns: 1024 in the CPU style, 1 in the GPU's.
#include "Common/prelude.clh"
#include "Routing/layout.clh"

#ifndef SPAN
#define SPAN 1
#endif

KERNEL(combine)
    __global float *x, __global const float *y, __global const float *weights, int K) {
  const ulong row = get_global_id(1);
  const int begin = get_global_id(0) * SPAN, end = min(begin + SPAN, K);
  for (int k = begin; k < end; k++) {
    float sum = x[row * K + k];
    for (int j = 0; j < CHOSEN; j++) sum = fma(weights[row * CHOSEN + j], y[(row * CHOSEN + j) * K + k], sum);
    x[row * K + k] = sum;
  }
}
