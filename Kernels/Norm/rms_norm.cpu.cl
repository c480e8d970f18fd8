// RMS norm, CPU style: out[r][k] = x[r][k] / sqrt(mean over k of x[r][k]² + epsilon) · weight[k].
//
//   x, out [rows][stride] f32, of which the K columns from `first` on      weight [K] f32
//
// One work-item makes one row.
#include "Common/prelude.clh"
#include "Norm/rms.clh"

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void rms_norm(
    __global const float *x, __global const float *weight, __global float *out, int K, int stride, int first,
    float epsilon) {
  const ulong row = (ulong)get_global_id(0) * stride + first;
  const float scale = rms_scale(x + row, K, epsilon);
  int k = 0;
  for (; k + LANES <= K; k += LANES) {
    VSTORE(VLOAD(0, x + row + k) * scale * VLOAD(0, weight + k), 0, out + row + k);
  }
  for (; k < K; k++) out[row + k] = x[row + k] * scale * weight[k];
}
