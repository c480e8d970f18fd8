// Multiply rates, GPU style: CHAINS sums in registers of each work-item, none of which waits for another.
//
//   out[i] = what the sums of work-item i add up to, after `steps` steps
//
// A step of one sum:
//
//   MULTIPLY  0  f32: one fma                                              2 operations
//             1  bf16, widened to f32: two fma                             4
//             2  bf16, by mma.sync m16n8k16 (PTX, compute capability 8)    128, a warp's 4096 shared by its 32 work-items
//             3  int8, widened to int32: four multiply-adds                8
//             4  int8, by dp4a (PTX, compute capability 6.1)               8
//             5  int8, by mma.sync m16n8k32 (PTX, compute capability 8)    256
//
//   seed [16] u32: bytes of weights; in memory, so that the compiler cannot know them      out [work-items] f32
#include "Common/prelude.clh"

#ifndef MULTIPLY
#define MULTIPLY 0
#endif
#define CHAINS 8

#if MULTIPLY == 0
typedef float sum_t;
#define ADD(sum, i, s) sum = fma(sum, factor, term)
#elif MULTIPLY == 1
typedef float sum_t;
#define PAIR(s) (weights ^ ((s) & 0x007f007f))
#define ADD(sum, i, s) sum = fma(x[i], as_float(PAIR(s) & 0xffff0000), fma(x[i], as_float(PAIR(s) << 16), sum))
#elif MULTIPLY == 2
typedef float4 sum_t;
#define ADD(sum, i, s)                                                                                       \
  __asm__ volatile(                                                                                          \
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
      : "+f"(sum.x), "+f"(sum.y), "+f"(sum.z), "+f"(sum.w)                                                   \
      : "r"(weights), "r"(weights), "r"(weights), "r"(weights), "r"(weights), "r"(weights))
#elif MULTIPLY == 3
typedef int sum_t;
#define BYTES(s) as_char4(weights ^ ((s) * 0x01010101))
#define ADD(sum, i, s) sum += n[i].x * BYTES(s).x + n[i].y * BYTES(s).y + n[i].z * BYTES(s).z + n[i].w * BYTES(s).w
#elif MULTIPLY == 4
typedef int sum_t;
#define ADD(sum, i, s) __asm__ volatile("dp4a.s32.s32 %0, %1, %2, %0;" : "+r"(sum) : "r"(weights), "r"(weights))
#else
typedef int4 sum_t;
#define ADD(sum, i, s)                                                                                       \
  __asm__ volatile(                                                                                          \
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
      : "+r"(sum.x), "+r"(sum.y), "+r"(sum.z), "+r"(sum.w)                                                   \
      : "r"(weights), "r"(weights), "r"(weights), "r"(weights), "r"(weights), "r"(weights))
#endif

#if MULTIPLY == 2 || MULTIPLY == 5
#define TOTAL(sum) (float)((sum).x + (sum).y + (sum).z + (sum).w)
#else
#define TOTAL(sum) (float)(sum)
#endif

__kernel void multiply(__global const uint *seed, __global float *out, int steps) {
  const uint weights = seed[get_local_id(0) % 16];
  const float factor = as_float(weights), term = 1.0f - factor;
  float x[CHAINS];
  int4 n[CHAINS];
  sum_t sum[CHAINS];
  UNROLL for (int i = 0; i < CHAINS; i++) {
    n[i] = convert_int4(as_char4(seed[i]));
    x[i] = (float)n[i].x;
    sum[i] = 0;
  }
  for (int s = 0; s < steps; s++) {
    UNROLL for (int i = 0; i < CHAINS; i++) ADD(sum[i], i, s);
  }
  float total = 0.0f;
  UNROLL for (int i = 0; i < CHAINS; i++) total += TOTAL(sum[i]);
  out[get_global_id(0)] = total;
}
