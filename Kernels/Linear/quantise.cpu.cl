// Rows of activations in eight bits (Common/codes.clh).
//
//   x [rows][K] f32      codes [rows]
//
// One work-item makes one row.
#include "Common/prelude.clh"
#include "Common/codes.clh"

ITEM_KERNEL(quantise)
    __global const float *x, __global uchar *codes, int K) {
  const ulong row = get_global_id(0);
  x += row * K;
  codes += row * CODES_BYTES(K);
  for (int g = 0; g < K / CODE_GROUP; g++) store_group(vload16(2 * g, x), vload16(2 * g + 1, x), codes, g);
}
