// Grouping, CPU style: sorts the slots of all rows by expert, and cuts each expert's slots into tiles.
//
//   indices, places in; slots, tiles, loads, uses out: layout.clh
//
// One work-item does it all: a counting sort, stable.
#include "Common/prelude.clh"
#include "Routing/layout.clh"

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void group(
    __global const int *indices, __global const int *places, __global int *slots, __global int *tiles,
    __global int *loads, __global int *uses,
    int count,     // rows · CHOSEN
    int entries,   // entries of `tiles` to write
    int tileRows,
    int load) {    // which of `loads` to add to, or −1: nothing is counted
  int next[EXPERTS];
  for (int e = 0; e < EXPERTS; e++) next[e] = 0;
  for (int i = 0; i < count; i++) next[indices[i]]++;
  int start = 0, entry = 0, used = 0;
  for (int e = 0; e < EXPERTS; e++) {
    const int end = start + next[e];
    used += next[e] > 0;
    if (load >= 0) uses[load / 2 * EXPERTS + e] += next[e];
    next[e] = start;
    for (int begin = start; begin < end; begin += tileRows, entry++) {
      vstore4((int4)(places[e], begin, min(begin + tileRows, end), e), entry, tiles);
    }
    start = end;
  }
  for (; entry < entries; entry++) vstore4((int4)(0, 0, 0, 0), entry, tiles);
  for (int i = 0; i < count; i++) slots[next[indices[i]]++] = i;
  if (load >= 0) loads[load] += used;
}
