import TestSupport

/// Faults in what joins launches. None makes a work-group wait for what never comes, as that would not end: whatever is taken is
/// counted as done.
let stageMutants: [KernelMutant] = [
  KernelMutant(
    .count, "Common/stages.clh", "for (int counter = 0; counter <=", "for (int counter = 2; counter <=", "cpu",
    "Linear",
    "joined"),
  KernelMutant(
    .unwritten, "Common/stages.clh", "table + STAGE_HEAD, begin, end, table[3]",
    "table + STAGE_HEAD, begin, end - 1, table[3]", "cpu", "Linear", "joined"),
  KernelMutant(
    .batch, "Common/stages.clh", "table + STAGE_HEAD, begin, end, table[3]",
    "table + STAGE_HEAD, max(begin - 1, 0), end, table[3]", "cpu", "Linear", "joined"),
  KernelMutant(
    .table, "Common/stages.clh", "begin, end, table[3]);", "begin, end, 1);", "cpu", "Linear", "joined"),
]

/// Faults by which work-groups run into each other: only where they meet at the wrong time.
let stageRaces: [KernelMutant] = [
  KernelMutant(
    .barrier, "Common/stages.clh", "while (*DONE(stage) < items) PAUSE();", "", "cpu", "Linear", "joined"),
  KernelMutant(
    .barrier, "Common/stages.clh", "while (*DONE(stage) < items) PAUSE();", "while (*DONE(stage) < items - 1) PAUSE();",
    "cpu", "Linear", "joined"),
  KernelMutant(
    .barrier, "Common/stages.clh", "atomic_add(DONE(stage), end - begin);", "atomic_add(DONE(stage), end - begin + 1);",
    "cpu", "Linear", "joined"),
  KernelMutant(
    .count, "Common/stages.clh", "if (atomic_cmpxchg(claimed, begin, *end) == begin) return begin;",
    "*claimed = *end;\n    return begin;", "cpu", "Linear", "joined"),
]
