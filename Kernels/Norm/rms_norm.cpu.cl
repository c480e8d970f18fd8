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
  for (int g = 0; g < K / MADE_GROUP; g++) {
    const float16 low = vload16(2 * g, x + row) * scale * vload16(2 * g, weight);
    const float16 high = vload16(2 * g + 1, x + row) * scale * vload16(2 * g + 1, weight);
    vstore16(low, 2 * g, out + row);
    vstore16(high, 2 * g + 1, out + row);
    store_made(low, high, made, g);
  }
#else
  int k = 0;
  for (; k + LANES <= K; k += LANES) {
    VSTORE(VLOAD(0, x + row + k) * scale * VLOAD(0, weight + k), 0, out + row + k);
  }
  for (; k < K; k++) out[row + k] = x[row + k] * scale * weight[k];
#endif
}
