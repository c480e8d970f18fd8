// Grouping, GPU style: sorts the slots of all rows by expert, and cuts each expert's slots into tiles.
//
//   indices, places in; slots, tiles, loads, uses out: layout.clh
//
// A work-group of ROW_GROUP work-items lists the slots of one expert. It counts all experts' slots first, to know where its
// own begin; its work-items then look through equal parts of the indices, so that the order within an expert is that of
// the slots.
#include "Common/prelude.clh"
#include "Common/row_group.clh"
#include "Routing/layout.clh"

// The sum of a value of each work-item; every work-item gets it.
static inline int4 sum_of_all(int4 value, __local int4 *scratch) {
  const int item = get_local_id(0);
  scratch[item] = value;
  for (int width = ROW_GROUP / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) scratch[item] += scratch[item + width];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return scratch[0];
}

// The sum of the values of the work-items before this one.
static inline int sum_before(int value, __local int *scratch) {
  const int item = get_local_id(0);
  int sum = value;
  for (int step = 1; step < ROW_GROUP; step *= 2) {
    scratch[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item >= step) sum += scratch[item - step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  return sum - value;
}

__kernel __attribute__((reqd_work_group_size(ROW_GROUP, 1, 1))) void group(
    __global const int *indices, __global const int *places, __global int *slots, __global int *tiles,
    __global int *loads, __global int *uses,
    int count,     // rows · CHOSEN
    int entries,   // entries of `tiles` to write
    int tileRows,
    int load) {    // which of `loads` to add to, or −1: nothing is counted
  __local int rows[EXPERTS];
  __local int4 scratch[ROW_GROUP];
  __local int counts[ROW_GROUP];
  const int item = get_local_id(0), expert = get_group_id(0);
  for (int e = item; e < EXPERTS; e += ROW_GROUP) rows[e] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = item; i < count; i += ROW_GROUP) atomic_inc(rows + indices[i]);
  barrier(CLK_LOCAL_MEM_FENCE);
  int4 own = 0;  // slots and entries of the experts before, entries of all, experts that have slots
  for (int e = item; e < EXPERTS; e += ROW_GROUP) {
    const int tilesOf = (rows[e] + tileRows - 1) / tileRows;
    own += (int4)(e < expert ? rows[e] : 0, e < expert ? tilesOf : 0, tilesOf, rows[e] > 0);
  }
  const int4 sums = sum_of_all(own, scratch);
  const int start = sums.x, end = start + rows[expert];
  for (int i = item; start + i * tileRows < end; i += ROW_GROUP) {
    const int begin = start + i * tileRows;
    vstore4((int4)(places[expert], begin, min(begin + tileRows, end), expert), sums.y + i, tiles);
  }
  if (item == 0 && load >= 0) uses[load / 2 * EXPERTS + expert] += rows[expert];
  if (expert == 0) {
    for (int entry = sums.z + item; entry < entries; entry += ROW_GROUP) vstore4((int4)(0), entry, tiles);
    if (item == 0 && load >= 0) loads[load] += sums.w;
  }
  const int part = (count + ROW_GROUP - 1) / ROW_GROUP;
  const int first = min(item * part, count), last = min(first + part, count);
  int found = 0;
  for (int i = first; i < last; i++) found += indices[i] == expert;
  int next = start + sum_before(found, counts);
  for (int i = first; i < last; i++) {
    if (indices[i] == expert) slots[next++] = i;
  }
}
