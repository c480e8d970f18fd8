// A kernel that does next to nothing: what a launch costs.
//
//   out [1] u32 = value
#include "Common/prelude.clh"

__kernel void launch(__global uint *out, uint value) {
  if (get_global_id(0) == 0) out[0] = value;
}
