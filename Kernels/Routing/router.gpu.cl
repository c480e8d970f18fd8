// Router, GPU style: softmax over the experts, the CHOSEN largest, their weights.
//
//   logits [rows][EXPERTS] f32      indices, weights: layout.clh
//
// Ties go to the lower index. With renormalise the weights are divided by their sum. NaN is never chosen before a
// number, and every index is an expert even if all logits are NaN. A work-group of ROW_GROUP work-items does one row; an
// expert's place is the number of experts that come before it.
#include "Common/prelude.clh"
#include "Common/row_group.clh"
#include "Routing/layout.clh"

#define OWN ((EXPERTS + ROW_GROUP - 1) / ROW_GROUP)  // experts of one work-item

static inline float group_max(float value, __local float *scratch) {
  const int item = get_local_id(0);
  scratch[item] = value;
  for (int width = ROW_GROUP / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) scratch[item] = fmax(scratch[item], scratch[item + width]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float maximum = scratch[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return maximum;
}

__kernel __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void router(
    __global const float *logits, __global int *indices, __global float *weights, int renormalise) {
  __local float keys[EXPERTS];  // what experts are ordered by: the probability, or −1 for NaN
  __local float chosen[CHOSEN];
  __local float scratch[ROW_GROUP];
  const ulong row = get_group_id(0);
  const int item = get_local_id(0);
  float p[OWN], maximum = -INFINITY, sum = 0.0f;
  UNROLL for (int i = 0; i < OWN; i++) {
    const int e = item + i * ROW_GROUP;
    p[i] = e < EXPERTS ? logits[row * EXPERTS + e] : -INFINITY;
    maximum = fmax(maximum, p[i]);
  }
  maximum = group_max(maximum, scratch);
  UNROLL for (int i = 0; i < OWN; i++) {
    p[i] = item + i * ROW_GROUP < EXPERTS ? exp(p[i] - maximum) : 0.0f;
    sum += p[i];
  }
  sum = group_sum(sum, scratch);
  UNROLL for (int i = 0; i < OWN; i++) {
    const int e = item + i * ROW_GROUP;
    p[i] /= sum;
    if (e < EXPERTS) keys[e] = isnan(p[i]) ? -1.0f : p[i];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  int place[OWN];
  UNROLL for (int i = 0; i < OWN; i++) {
    const int e = item + i * ROW_GROUP;
    place[i] = CHOSEN;
    if (e >= EXPERTS) continue;
    const float own = keys[e];
    int before = 0;
    for (int other = 0; other < EXPERTS; other++) {
      before += keys[other] > own || (keys[other] == own && other < e);
    }
    place[i] = before;
    if (before < CHOSEN) chosen[before] = p[i];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  float total = 0.0f;
  for (int j = 0; j < CHOSEN; j++) total += chosen[j];
  UNROLL for (int i = 0; i < OWN; i++) {
    if (place[i] >= CHOSEN) continue;
    indices[row * CHOSEN + place[i]] = item + i * ROW_GROUP;
    weights[row * CHOSEN + place[i]] = renormalise ? p[i] / total : p[i];
  }
}
