// Rows of activations in eight bits (Common/codes.clh).
//
//   x [rows][K] f32      codes [rows]
//
// A work-item makes a group (index 0) of a row (index 1).
#include "Common/prelude.clh"
#define DOT_BYTES 1
#include "Common/codes.clh"

__kernel void quantise(__global const float *x, __global uchar *codes, int K) {
  const int g = get_global_id(0);
  const ulong row = get_global_id(1);
  if (g >= K / CODE_GROUP) return;
  x += row * K;
  const float16 low = vload16(2 * g, x), high = vload16(2 * g + 1, x);
  const uint bits = largest_bits(low, high);
  store_group(
      low, high, CODES_SCALE(bits, as_float(bits)), CODES_INVERSE(bits, as_float(bits)),
      codes + row * CODES_BYTES(K) + g * CODES_GROUP_BYTES);
}
