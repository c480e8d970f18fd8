// Router, CPU style: the CHOSEN experts of a row and their weights (rule.clh).
//
//   logits [rows][EXPERTS] f32      correction [EXPERTS] f32      indices, weights: layout.clh
//
// One work-item does one row.
#include "Common/prelude.clh"
#include "Routing/choose_row.clh"

ITEM_KERNEL(router)
    __global const float *logits, __global const float *correction, __global int *indices, __global float *weights,
    int renormalise, float scale) {
  const ulong row = get_global_id(0);
  choose_row(
      logits + row * EXPERTS, correction, indices + row * CHOSEN, weights + row * CHOSEN, renormalise, scale);
}
