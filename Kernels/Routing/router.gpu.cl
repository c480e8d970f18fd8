// Router, GPU style: softmax over the experts, the CHOSEN largest, their weights (choose.clh).
//
//   logits [rows][EXPERTS] f32      indices, weights: layout.clh
//
// A work-group of ROW_GROUP work-items does one row.
#include "Common/prelude.clh"
#include "Routing/choose.clh"

__kernel __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void router(
    __global const float *logits, __global int *indices, __global float *weights, int renormalise) {
  __local float keys[EXPERTS];
  __local float chosen[CHOSEN];
  __local float scratch[ROW_GROUP];
  const ulong row = get_group_id(0);
  choose(
      logits + row * EXPERTS, renormalise, indices + row * CHOSEN, weights + row * CHOSEN, keys, chosen, scratch);
}
