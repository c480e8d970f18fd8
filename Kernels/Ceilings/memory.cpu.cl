// Bandwidth of device memory, CPU style: a work-item passes over a part of its own, in vectors.
//
//   memory_read:   out[i] = the sum of part i of x
//   memory_write:  every element of part i of x = value
//   memory_copy:   part i of y = part i of x
//
//   x, y [parts][vectors][LANES] f32      out [parts] f32
//
// Work-items (parts). The parts' sum is written, so that no read can be left out.
#include "Common/prelude.clh"

// Vectors that a step loads; each adds to a sum of its own, so that no addition waits for another.
#define STEP 8

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void memory_read(__global const float *x, __global float *out, int vectors) {
  __global const float *part = x + get_global_id(0) * vectors * LANES;
  vfloat sum[STEP];
  UNROLL for (int j = 0; j < STEP; j++) sum[j] = 0.0f;
  for (int i = 0; i < vectors; i += STEP) {
    UNROLL for (int j = 0; j < STEP; j++) sum[j] += VLOAD(i + j, part);
  }
  UNROLL for (int j = 1; j < STEP; j++) sum[0] += sum[j];
  out[get_global_id(0)] = VSUM(sum[0]);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void memory_write(__global float *x, float value, int vectors) {
  __global float *part = x + get_global_id(0) * vectors * LANES;
  for (int i = 0; i < vectors; i += STEP) {
    UNROLL for (int j = 0; j < STEP; j++) VSTORE((vfloat)(value), i + j, part);
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void memory_copy(__global const float *x, __global float *y, int vectors) {
  __global const float *from = x + get_global_id(0) * vectors * LANES;
  __global float *to = y + get_global_id(0) * vectors * LANES;
  for (int i = 0; i < vectors; i += STEP) {
    UNROLL for (int j = 0; j < STEP; j++) VSTORE(VLOAD(i + j, from), i + j, to);
  }
}
