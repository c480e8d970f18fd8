// Grouping, CPU style: sorts the slots of all rows by expert, and cuts each expert's slots into tiles.
//
//   indices, places in; slots, tiles, loads, uses out: layout.clh
//
// One work-item does it all.
#include "Common/prelude.clh"
#include "Routing/group_rows.clh"

ITEM_KERNEL(group)
    __global const int *indices, __global const int *places, __global int *slots, __global int *tiles,
    __global int *loads, __global int *uses, int count, int entries, int tileRows, int load) {
  group_rows(indices, places, slots, tiles, loads, uses, count, entries, tileRows, load);
}
