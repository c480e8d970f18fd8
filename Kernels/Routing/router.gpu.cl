// Router, GPU style: the CHOSEN experts of a row and their weights (rule.clh).
//
//   logits [rows][EXPERTS] f32      correction [EXPERTS] f32      indices, weights: layout.clh
//
// A work-group of ROW_GROUP work-items does one row.
#include "Common/prelude.clh"
#include "Routing/choose.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void router(
    __global const float *logits, __global const float *correction, __global int *indices, __global float *weights,
    int renormalise, float scale) {
  __local float keys[EXPERTS];
  __local float groups[GROUPS + 1];
  __local float chosen[CHOSEN];
  __local float scratch[ROW_GROUP];
  const ulong row = get_group_id(0);
  choose(
      logits + row * EXPERTS, correction, renormalise, scale, indices + row * CHOSEN, weights + row * CHOSEN, keys,
      groups, chosen, scratch);
}
