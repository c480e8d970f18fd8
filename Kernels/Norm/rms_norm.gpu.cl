// RMS norm, GPU style: out[r][k] = x[r][k] / sqrt(mean over k of x[r][k]² + epsilon) · weight[k].
//
//   x, out [rows][K] f32, row-major      weight [K] f32
//
// A work-group of ROW_GROUP work-items makes one row.
#include "Common/prelude.clh"
#include "Common/row_group.clh"

__kernel __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void rms_norm(
    __global const float *x, __global const float *weight, __global float *out, int K, float epsilon) {
  __local float scratch[ROW_GROUP];
  const ulong row = (ulong)get_group_id(0) * K;
  float sum = 0.0f;
  UNROLL_4 for (int k = get_local_id(0); k < K; k += ROW_GROUP) sum = fma(x[row + k], x[row + k], sum);
  const float scale = 1.0f / sqrt(group_sum(sum, scratch) / K + epsilon);
  UNROLL_4 for (int k = get_local_id(0); k < K; k += ROW_GROUP) out[row + k] = x[row + k] * scale * weight[k];
}
