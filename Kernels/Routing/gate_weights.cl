// Weights of an expert that all rows meet: weights[r] = sigmoid(gate[r][0]).
//
//   gate [rows][stride] f32      weights [rows] f32
//
// A work-item makes one row.
#include "Common/prelude.clh"

KERNEL(gate_weights)
    __global const float *gate, __global float *weights, int stride, int rows) {
  const int row = get_global_id(0);
  if (row < rows) weights[row] = 1.0f / (1.0f + exp(-gate[(ulong)row * stride]));
}
