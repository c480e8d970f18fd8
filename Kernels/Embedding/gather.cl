// Rows picked from a matrix: out[i][k] = x[indices[i]][k].
//
//   x [any][K] f32      indices [rows] i32      out [rows][K] f32
//
// Work-items (k, i); both device styles.
#include "Common/prelude.clh"

__kernel void gather(__global const float *x, __global const int *indices, __global float *out, int K) {
  const int k = get_global_id(0), i = get_global_id(1);
  if (k < K) out[(ulong)i * K + k] = x[(ulong)indices[i] * K + k];
}
