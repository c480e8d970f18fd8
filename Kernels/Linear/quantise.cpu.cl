// Rows of activations in eight bits (Common/codes.clh).
//
//   x [rows][K] f32      codes [rows]
//
// One work-item makes one row.
#include "Common/prelude.clh"
#include "Common/code_groups.clh"

ITEM_KERNEL(quantise)
    __global const float *x, __global uchar *codes, int K) {
  const ulong row = get_global_id(0);
  x += row * K;
  codes += row * CODES_BYTES(K);
  for (int k = 0; k < K; k += GROUPS_TOGETHER * CODE_GROUP) {
    float16 values[GROUPS_TOGETHER][2];
    const int count = min(GROUPS_TOGETHER, (K - k) / CODE_GROUP);
    for (int i = 0; i < count; i++, x += CODE_GROUP) {
      values[i][0] = vload16(0, x);
      values[i][1] = vload16(1, x);
    }
    store_groups(values, count, codes + k / CODE_GROUP * CODES_GROUP_BYTES, CODES_GROUP_BYTES);
  }
}
