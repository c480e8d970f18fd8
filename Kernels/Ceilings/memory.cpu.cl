// Bandwidth of device memory, CPU style: a work-item passes over a part of its own, in vectors, at STREAMS places at once.
// From one place alone a core gets less: it fetches ahead for each by itself.
//
//   memory_read:   out[i] = the sum of part i of x
//   memory_write:  every element of part i of x = value
//   memory_copy:   part i of y = part i of x
//
//   x, y [parts][vectors][LANES] f32      out [parts] f32
//
// Work-items (parts). The parts' sum is written, so that no read can be left out.
#include "Common/prelude.clh"

#ifndef STREAMS
#define STREAMS 4  // places of a part, evenly apart
#endif
#define STEP 2  // vectors of a stream in a step; each adds to a sum of its own, so that no addition waits for another
#define EACH for (int s = 0; s < STREAMS; s++) UNROLL for (int j = 0; j < STEP; j++)

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void memory_read(__global const float *x, __global float *out, int vectors) {
  __global const float *part = x + get_global_id(0) * vectors * LANES;
  const int length = vectors / STREAMS;
  vfloat sum[STREAMS * STEP];
  UNROLL for (int j = 0; j < STREAMS * STEP; j++) sum[j] = 0.0f;
  for (int i = 0; i < length; i += STEP) {
    UNROLL EACH sum[s * STEP + j] += VLOAD(s * length + i + j, part);
  }
  UNROLL for (int j = 1; j < STREAMS * STEP; j++) sum[0] += sum[j];
  out[get_global_id(0)] = VSUM(sum[0]);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void memory_write(__global float *x, float value, int vectors) {
  __global float *part = x + get_global_id(0) * vectors * LANES;
  const int length = vectors / STREAMS;
  for (int i = 0; i < length; i += STEP) {
    UNROLL EACH VSTORE((vfloat)(value), s * length + i + j, part);
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void memory_copy(__global const float *x, __global float *y, int vectors) {
  __global const float *from = x + get_global_id(0) * vectors * LANES;
  __global float *to = y + get_global_id(0) * vectors * LANES;
  const int length = vectors / STREAMS;
  for (int i = 0; i < length; i += STEP) {
    UNROLL EACH VSTORE(VLOAD(s * length + i + j, from), s * length + i + j, to);
  }
}
