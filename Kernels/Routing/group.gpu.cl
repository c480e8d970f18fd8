// Grouping, GPU style: sorts the slots of all rows by expert, and cuts each expert's slots into tiles.
//
//   indices, places in; slots, tiles, loads, uses out: layout.clh
//
// One work-group; each work-item owns every GROUP-th expert and reads all indices, which it shares with its
// neighbours through the cache. The order within an expert is that of the slots: no atomics.
#include "Common/prelude.clh"
#include "Common/group_sum.clh"
#include "Routing/layout.clh"

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void group(
    __global const int *indices, __global const int *places, __global int *slots, __global int *tiles,
    __global int *loads, __global int *uses,
    int count,     // rows · CHOSEN
    int entries,   // entries of `tiles` to write
    int tileRows,
    int load) {    // which of `loads` to add to, or −1: nothing is counted
  __local int starts[EXPERTS + 1];
  __local int firstEntry[EXPERTS + 1];
  const int item = get_local_id(0);
  for (int e = item; e < EXPERTS; e += GROUP) {
    int rows = 0;
    for (int i = 0; i < count; i++) rows += indices[i] == e;
    starts[e] = rows;
    if (load >= 0) uses[load / 2 * EXPERTS + e] += rows;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item == 0) {
    int start = 0, entry = 0, used = 0;
    for (int e = 0; e < EXPERTS; e++) {
      const int rows = starts[e];
      starts[e] = start;
      firstEntry[e] = entry;
      start += rows;
      entry += (rows + tileRows - 1) / tileRows;
      used += rows > 0;
    }
    starts[EXPERTS] = start;
    firstEntry[EXPERTS] = entry;
    if (load >= 0) loads[load] += used;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int e = item; e < EXPERTS; e += GROUP) {
    const int end = starts[e + 1];
    int entry = firstEntry[e];
    for (int begin = starts[e]; begin < end; begin += tileRows, entry++) {
      vstore4((int4)(places[e], begin, min(begin + tileRows, end), 0), entry, tiles);
    }
    int next = starts[e];
    for (int i = 0; i < count && next < end; i++) {
      if (indices[i] == e) slots[next++] = i;
    }
  }
  for (int entry = firstEntry[EXPERTS] + item; entry < entries; entry += GROUP) {
    vstore4((int4)(0, 0, 0, 0), entry, tiles);
  }
}
