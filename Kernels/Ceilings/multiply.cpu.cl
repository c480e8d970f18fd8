// Multiply rates, CPU style: CHAINS sums in registers, none of which waits for another.
//
//   out[i] = what the sums of work-item i add up to, after `steps` steps
//
// A step of one sum, over LANES lanes:
//
//   MULTIPLY  0  f32: one fma                                          2 operations a lane
//             1  bf16, widened to f32: two fma                         4
//             2  bf16, by vdpbf16ps (AVX512_BF16)                      4
//             3  int8, widened to int32: four multiply-adds            8
//             4  int8, by vpdpbusd (AVX512_VNNI)                       8
//
// 1 and 3 unpack a vector of weights once a step for all sums, as the products by panels do. 2 and 4 need LANES 16, a CPU
// that has the instruction, and a compiler that takes its assembly.
//
//   seed [16] u32: bytes of weights; in memory, so that the compiler cannot know them      out [work-items] f32
#include "Common/prelude.clh"

#ifndef MULTIPLY
#define MULTIPLY 0
#endif
#define CHAINS 12
typedef STRATA_JOIN(int, LANES) vint;
#define AS_VINT STRATA_JOIN(as_int, LANES)
#define CONVERT_VFLOAT STRATA_JOIN(convert_float, LANES)

#if MULTIPLY <= 2
typedef vfloat sum_t;
#else
typedef vint sum_t;
#endif

#if MULTIPLY == 0
#define PREPARE(s)
#define ADD(sum, i) sum = fma(sum, factor, term)
#elif MULTIPLY == 1
// Some bits of the mantissas change, so that no step can be shared with another.
#define PREPARE(s)                                         \
  const vuint pair = weights ^ (vuint)((s) & 0x007f007f);  \
  const vfloat even = AS_VFLOAT(pair << 16), odd = AS_VFLOAT(pair & 0xffff0000u)
#define ADD(sum, i) sum = fma((vfloat)(x[i]), odd, fma((vfloat)(x[i]), even, sum))
#elif MULTIPLY == 2
#define PREPARE(s)
#define ADD(sum, i) __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(weights), "v"(weights))
#elif MULTIPLY == 3
#define PREPARE(s)                                                       \
  const vint bytes = AS_VINT(weights ^ (vuint)((s) * 0x01010101)); \
  const vint w0 = (bytes << 24) >> 24, w1 = (bytes << 16) >> 24, w2 = (bytes << 8) >> 24, w3 = bytes >> 24
#define ADD(sum, i) sum += (vint)(n[i].x) * w0 + (vint)(n[i].y) * w1 + (vint)(n[i].z) * w2 + (vint)(n[i].w) * w3
#else
#define PREPARE(s)
#define ADD(sum, i) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(weights), "v"(weights))
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void multiply(__global const uint *seed, __global float *out, int steps) {
  const vuint weights = VLOAD(0, seed);
  const vfloat factor = AS_VFLOAT(weights), term = (vfloat)(1.0f) - factor;
  float x[CHAINS];
  int4 n[CHAINS];
  sum_t sum[CHAINS];
  UNROLL for (int i = 0; i < CHAINS; i++) {
    n[i] = convert_int4(as_char4(seed[i]));
    x[i] = (float)n[i].x;
    sum[i] = 0;
  }
  for (int s = 0; s < steps; s++) {
    PREPARE(s);
    UNROLL for (int i = 0; i < CHAINS; i++) ADD(sum[i], i);
  }
  vfloat total = 0.0f;
  UNROLL for (int i = 0; i < CHAINS; i++) total += CONVERT_VFLOAT(sum[i]);
  out[get_global_id(0)] = VSUM(total);
}
