// Router and grouping of a few rows, CPU style: router.cpu.cl and group.cpu.cl in one launch of one work-item. Experts lie at
// their own places.
//
//   logits [rows][EXPERTS] f32      correction [EXPERTS] f32      indices, weights, slots, tiles, loads, uses: layout.clh
#include "Common/prelude.clh"
#include "Routing/choose_row.clh"
#include "Routing/group_rows.clh"

ITEM_KERNEL(route_few)
    __global const float *logits, __global const float *correction, __global int *indices, __global float *weights,
    int renormalise, float scale, __global int *slots, __global int *tiles, __global int *loads, __global int *uses,
    int rows,
    int entries,   // entries of `tiles` to write
    int load) {    // which of `loads` to add to
  for (int row = 0; row < rows; row++) {
    choose_row(
        logits + row * EXPERTS, correction, indices + row * CHOSEN, weights + row * CHOSEN, renormalise, scale);
  }
  group_rows(indices, 0, slots, tiles, loads, uses, rows * CHOSEN, entries, rows * CHOSEN, load);
}
