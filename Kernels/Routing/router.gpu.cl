// Router, GPU style: softmax over the experts, the CHOSEN largest, their weights.
//
//   logits [rows][EXPERTS] f32      indices, weights: layout.clh
//
// Ties go to the lower index. With renormalise the weights are divided by their sum. NaN is never chosen before a
// number, and every index is an expert even if all logits are NaN. A work-group of GROUP work-items does one row.
#include "Common/prelude.clh"
#include "Common/group_sum.clh"
#include "Routing/layout.clh"

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void router(
    __global const float *logits, __global int *indices, __global float *weights, int renormalise) {
  __local float p[EXPERTS];
  __local float scratch[GROUP];
  __local int winners[GROUP];
  const ulong row = get_group_id(0);
  const int item = get_local_id(0);
  float maximum = -INFINITY;
  for (int e = 0; e < EXPERTS; e++) maximum = fmax(maximum, logits[row * EXPERTS + e]);
  float own = 0.0f;
  for (int e = item; e < EXPERTS; e += GROUP) {
    p[e] = exp(logits[row * EXPERTS + e] - maximum);
    own += p[e];
  }
  const float sum = group_sum(own, scratch);
  for (int e = item; e < EXPERTS; e += GROUP) p[e] /= sum;

  float total = 0.0f;
  for (int j = 0; j < CHOSEN; j++) {
    barrier(CLK_LOCAL_MEM_FENCE);
    int winner = -1;
    for (int e = item; e < EXPERTS; e += GROUP) {
      if (p[e] >= 0.0f && (winner < 0 || p[e] > p[winner])) winner = e;
    }
    winners[item] = winner;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item == 0) {
      for (int i = 1; i < GROUP; i++) {
        const int other = winners[i];
        if (other < 0) continue;
        if (winner < 0 || p[other] > p[winner] || (p[other] == p[winner] && other < winner)) winner = other;
      }
      if (winner < 0) {  // nothing but NaN is left: the first expert that is not taken
        for (winner = 0; winner < EXPERTS - 1 && p[winner] == -1.0f; winner++) {
        }
      }
      indices[row * CHOSEN + j] = winner;
      weights[row * CHOSEN + j] = p[winner];
      total += p[winner];
      p[winner] = -1.0f;  // taken: below every probability
    }
  }
  if (item == 0 && renormalise) {
    for (int j = 0; j < CHOSEN; j++) weights[row * CHOSEN + j] /= total;
  }
}
