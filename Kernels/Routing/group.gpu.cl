// Grouping, GPU style: sorts the slots of all rows by expert, and cuts each expert's slots into tiles.
//
//   indices in; slots, tiles, loads out: layout.clh
//
// A work-group lists the slots of one expert. It counts all experts' slots first, to know where its own begin; its
// work-items then look through equal parts of the indices, so that the order within an expert is that of the slots.
//
// THREADS_M, THREADS_N  work-items of a group: their product, a power of two
#ifndef THREADS_M
#define THREADS_M 8
#endif
#ifndef THREADS_N
#define THREADS_N 16
#endif
#define GROUP (THREADS_M * THREADS_N)
#include "Common/prelude.clh"
#include "Routing/layout.clh"

// The sum of the values of the work-items before this one.
static inline int sum_before(int value, __local int *scratch) {
  const int item = get_local_id(0);
  int sum = value;
  for (int step = 1; step < GROUP; step *= 2) {
    scratch[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item >= step) sum += scratch[item - step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  return sum - value;
}

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void group(
    __global const int *indices, __global int *slots, __global int *tiles, __global int *loads,
    int count,     // rows · CHOSEN
    int entries,   // entries of `tiles` to write
    int tileRows,
    int load) {    // which of `loads` to add to, or −1
  __local int rows[EXPERTS];
  __local int scratch[GROUP];
  __local int start, firstEntry, lastEntry, used;
  const int item = get_local_id(0), expert = get_group_id(0);
  for (int e = item; e < EXPERTS; e += GROUP) rows[e] = 0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = item; i < count; i += GROUP) atomic_inc(rows + indices[i]);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item == 0) {
    int slot = 0, entry = 0, nonempty = 0;
    for (int e = 0; e < EXPERTS; e++) {
      if (e == expert) {
        start = slot;
        firstEntry = entry;
      }
      slot += rows[e];
      entry += (rows[e] + tileRows - 1) / tileRows;
      nonempty += rows[e] > 0;
    }
    lastEntry = entry;
    used = nonempty;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int i = item; i * tileRows < rows[expert]; i += GROUP) {
    const int begin = start + i * tileRows, end = min(begin + tileRows, start + rows[expert]);
    vstore4((int4)(expert, begin, end, 0), firstEntry + i, tiles);
  }
  if (expert == 0) {
    for (int entry = lastEntry + item; entry < entries; entry += GROUP) vstore4((int4)(0), entry, tiles);
    if (item == 0 && load >= 0) loads[load] += used;
  }
  const int part = (count + GROUP - 1) / GROUP, begin = min(item * part, count), end = min(begin + part, count);
  int own = 0;
  for (int i = begin; i < end; i++) own += indices[i] == expert;
  int next = start + sum_before(own, scratch);
  for (int i = begin; i < end; i++) {
    if (indices[i] == expert) slots[next++] = i;
  }
}
