// Bandwidth of device memory, GPU style: neighbours in a group touch neighbouring 16 bytes, and all work-items together
// pass over the buffer in strides.
//
//   memory_read:   out[i] = the exclusive or of all that work-item i has read
//   memory_write:  every element of x = value
//   memory_copy:   y = x
//
//   x, y [count] of 16 bytes      out [work-items] of 16 bytes
//
// Any number of work-items. What was read is written, so that no read can be left out.
#include "Common/prelude.clh"

// Loads that are under way at once.
#define STEP 4

__kernel void memory_read(__global const uint4 *x, __global uint4 *out, uint count) {
  const size_t stride = get_global_size(0);
  size_t i = get_global_id(0);
  uint4 sum = 0;
  for (; i + (STEP - 1) * stride < count; i += STEP * stride) {
    uint4 value[STEP];
    UNROLL for (int j = 0; j < STEP; j++) value[j] = x[i + j * stride];
    UNROLL for (int j = 0; j < STEP; j++) sum ^= value[j];
  }
  for (; i < count; i += stride) sum ^= x[i];
  out[get_global_id(0)] = sum;
}

__kernel void memory_write(__global uint4 *x, uint value, uint count) {
  for (size_t i = get_global_id(0); i < count; i += get_global_size(0)) x[i] = (uint4)(value);
}

__kernel void memory_copy(__global const uint4 *x, __global uint4 *y, uint count) {
  const size_t stride = get_global_size(0);
  size_t i = get_global_id(0);
  for (; i + (STEP - 1) * stride < count; i += STEP * stride) {
    uint4 value[STEP];
    UNROLL for (int j = 0; j < STEP; j++) value[j] = x[i + j * stride];
    UNROLL for (int j = 0; j < STEP; j++) y[i + j * stride] = value[j];
  }
  for (; i < count; i += stride) y[i] = x[i];
}
