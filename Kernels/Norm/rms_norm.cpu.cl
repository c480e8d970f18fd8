// RMS norm, CPU style: out[r][k] = x[r][k] / sqrt(mean over k of x[r][k]² + epsilon) · weight[k].
//
//   x, out [rows][stride] f32, of which the K columns from `first` on      weight [K] f32
//   made  [rows] of K values
//
// One work-item makes one row.
//
// CODES, BF16_ROWS  how out is made besides (Common/made_rows.clh)
#include "Common/prelude.clh"
#include "Norm/rms.clh"
#include "Common/made_rows.clh"

ITEM_KERNEL(rms_norm)
    __global const float *x, __global const float *weight, __global float *out, int K, int stride, int first,
    float epsilon MADE_ARGUMENT) {
  const ulong row = (ulong)get_global_id(0) * stride + first;
  const float scale = rms_scale(x + row, K, epsilon);
#if MAKES_ROWS
  made += get_global_id(0) * MADE_BYTES(K);
  for (int k = 0; k < K; k += GROUPS_TOGETHER * MADE_GROUP) {
    float16 values[GROUPS_TOGETHER][2];
    const int count = min(GROUPS_TOGETHER, (K - k) / MADE_GROUP);
    for (int i = 0; i < 2 * count; i++) {
      const float16 value = vload16(i, x + row + k) * scale * vload16(i, weight + k);
      vstore16(value, i, out + row + k);
      values[i / 2][i % 2] = value;
    }
    store_made(values, count, made + k / MADE_GROUP * MADE_GROUP_BYTES, MADE_GROUP_BYTES);
  }
#else
  int k = 0;
  for (; k + LANES <= K; k += LANES) {
    VSTORE(VLOAD(0, x + row + k) * scale * VLOAD(0, weight + k), 0, out + row + k);
  }
  for (; k < K; k++) out[row + k] = x[row + k] * scale * weight[k];
#endif
}
