import TestSupport

/// Faults that no case here can find, and why.
let unseenMutants: [(mutant: KernelMutant, why: String)] = [
  (
    KernelMutant(
      .barrier, "Attention/attention.mma.cl", "  copy_wait(SLOTS - 2);\n  barrier(CLK_LOCAL_MEM_FENCE);",
      "  copy_wait(SLOTS - 2);", "mma", "Attention"),
    "where the matrix instruction is acted out it has barriers itself: only matrix units show what this one is for"
  ),
  (
    KernelMutant(
      .barrier, "Common/mma_tiled_plain.clh",
      "      store_stage(values, stages + 1 - stage);\n      barrier(CLK_LOCAL_MEM_FENCE);",
      "      store_stage(values, stages + 1 - stage);", "mma", "Linear"),
    "PoCL puts a barrier of its own at the end of a loop that has one"
  ),
  (
    KernelMutant(
      .barrier, "Common/mma_tiled_blocks.clh",
      "      share(&own, &stages[(k / SPAN_K + 1) % 2].tiles[warp], exchange);\n      barrier(CLK_LOCAL_MEM_FENCE);",
      "      share(&own, &stages[(k / SPAN_K + 1) % 2].tiles[warp], exchange);", "mma", "Linear"),
    "PoCL puts a barrier of its own at the end of a loop that has one"
  ),
  (
    KernelMutant(
      .barrier, "Common/stages.clh", "      FENCE();\n      atomic_add(DONE(stage), end - begin);",
      "      atomic_add(DONE(stage), end - begin);", "cpu", "Linear", "joined"),
    "x86 keeps the order of stores, and PoCL's compiler that of an atomic function: other processors need this one"
  ),
  (
    KernelMutant(
      .barrier, "Common/stages.clh", "PAUSE();\n    FENCE();", "PAUSE();", "cpu", "Linear", "joined"),
    "x86 keeps the order of loads, and a group takes its next work-item by an atomic function: other processors need this one"
  ),
]
