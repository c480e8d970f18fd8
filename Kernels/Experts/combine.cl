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

#define LOAD_ONE(i, p) ((p)[i])
#define STORE_ONE(value, i, p) ((p)[i] = (value))
// The columns from k on that a value of `type` holds.
#define COMBINE(type, load, store)                                                                \
  {                                                                                               \
    type sum = load(0, x + k);                                                                    \
    for (int j = 0; j < CHOSEN; j++) sum = fma((type)(weights[j]), load(0, y + (ulong)j * K + k), sum); \
    store(sum, 0, x + k);                                                                         \
  }

KERNEL(combine)
    __global float *x, __global const float *y, __global const float *weights, int K) {
  const ulong row = get_global_id(1);
  x += row * K;
  y += row * CHOSEN * K;
  weights += row * CHOSEN;
  int k = get_global_id(0) * SPAN;
  const int end = min(k + SPAN, K);
  for (; k + LANES <= end; k += LANES) COMBINE(vfloat, VLOAD, VSTORE)
  for (; k < end; k++) COMBINE(float, LOAD_ONE, STORE_ONE)
}
