// Rows of activations in bf16 (Common/bf16_rows.clh).
//
//   x [rows][K] f32      out [rows]
//
// One work-item makes one row.
#include "Common/prelude.clh"
#include "Common/bf16_rows.clh"

ITEM_KERNEL(round_rows)
    __global const float *x, __global bf16_t *out, int K) {
  const ulong row = get_global_id(0);
  x += row * K;
  out += row * BF16_LENGTH(K);
  int k = 0;
  for (; k + 16 <= K; k += 16) store_bf16_16(vload16(0, x + k), out + k);
  for (; k < K; k++) store_bf16(x[k], out + k);
  if (K & 1) store_bf16(0.0f, out + K);
}
