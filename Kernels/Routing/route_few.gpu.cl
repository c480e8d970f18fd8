// Router and grouping of a few rows at once, GPU style: router.gpu.cl and group.gpu.cl in one launch.
//
//   logits [rows][EXPERTS] f32      correction [EXPERTS] f32      indices, weights, slots, tiles, loads, uses: layout.clh
//
// Rows are at most `tileRows`, so that an expert's slots make one entry, and rows · CHOSEN at most ROW_GROUP. One work-group;
// a slot's place is the number of slots that come before it, an entry's the number of experts. Experts lie at their own
// places.
#include "Common/prelude.clh"
#include "Routing/choose.clh"

__kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void route_few(
    __global const float *logits, __global const float *correction, __global int *indices, __global float *weights,
    int renormalise, float scale, __global int *slots, __global int *tiles, __global int *loads, __global int *uses,
    int rows,
    int entries,   // entries of `tiles` to write
    int load) {    // which of `loads` to add to
  __local float keys[EXPERTS];
  __local float groups[GROUPS + 1];
  __local float chosen[CHOSEN];
  __local float scratch[ROW_GROUP];
  __local int experts[ROW_GROUP];
  __local int isFirst[ROW_GROUP];  // whether a slot is the first of its expert
  const int item = get_local_id(0), count = rows * CHOSEN;
  for (int row = 0; row < rows; row++) {
    choose(
        logits + row * EXPERTS, correction, renormalise, scale, indices + row * CHOSEN, weights + row * CHOSEN, keys,
        groups, chosen, scratch);
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  const int expert = item < count ? indices[item] : EXPERTS;
  experts[item] = expert;
  barrier(CLK_LOCAL_MEM_FENCE);
  int place = 0, same = 0, earlier = 0;
  for (int i = 0; i < count; i++) {
    place += experts[i] < expert || (experts[i] == expert && i < item);
    same += experts[i] == expert;
    earlier += experts[i] == expert && i < item;
  }
  isFirst[item] = item < count && earlier == 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  int entry = 0, used = 0;
  for (int i = 0; i < count; i++) {
    entry += isFirst[i] && experts[i] < expert;
    used += isFirst[i];
  }
  if (item < count) slots[place] = item;
  if (isFirst[item]) {
    vstore4((int4)(expert, place, place + same, expert), entry, tiles);
    uses[load / 2 * EXPERTS + expert] += same;
  }
  for (int i = used + item; i < entries; i += ROW_GROUP) vstore4((int4)(0), i, tiles);
  if (item == 0) loads[load] += used;
}
