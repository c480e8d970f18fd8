import TestSupport

/// Faults in GPU kernels with subgroups, which are acted out.
let subgroupMutants: [KernelMutant] = [
  KernelMutant(
    .barrier, "Common/group_sum.clh", "  scratch[item] = value;\n  barrier(CLK_LOCAL_MEM_FENCE);",
    "  scratch[item] = value;", "gpu", "Norm"),
  KernelMutant(
    .edge, "Common/group_sum.clh", "int width = SUBGROUP_SIZE / 2; width > 0;",
    "int width = SUBGROUP_SIZE / 2; width > 1;", "gpu", "Norm"),
  KernelMutant(
    .activation, "Common/group_sum.clh", "parts[p] = scratch[p * SUBGROUP_SIZE + lane];",
    "parts[p] = scratch[p * SUBGROUP_SIZE];", "gpu", "Routing", "softmax"),
  KernelMutant(
    .edge, "Common/held_rows.clh", "row < rows &&", "row < rows - 1 &&", "gpu", "Linear", "bf16"),
  KernelMutant(
    .edge, "Common/held_rows.clh", "k + kk < K ?", "k + kk < K - 1 ?", "gpu", "HeadProducts", "bf16"),
  KernelMutant(
    .batch, "Common/held_rows.clh", "sum[m][n] = fma(value, ws[kk][tn + n * ITEMS_N], sum[m][n]);",
    "sum[m][n] = m == 1 ? sum[m][n] + value * ws[kk][tn + n * ITEMS_N] : fma(value, ws[kk][tn + n * ITEMS_N], sum[m][n]);",
    "gpu", "Linear", "bf16"),
  KernelMutant(
    .edge, "Common/held_rows.clh", "lane_broadcast(xs[m][h], kk - begin, exchange)",
    "lane_broadcast(xs[m][0], kk - begin, exchange)", "gpu", "Experts", "Q8_0"),
  KernelMutant(
    .edge, "Attention/chunk_lanes.clh", "held[r] = q[r][min(first + lane, HEAD_SIZE - 1)];",
    "held[r] = q[r][min(first + lane, HEAD_SIZE - 2)];", "gpu", "Attention"),
  KernelMutant(
    .softmax, "Attention/chunk_lanes.clh", "total += lane_shuffle(own, lane - part + i, scratch);",
    "total += lane_shuffle(own, i, scratch);", "gpu", "Attention"),
  KernelMutant(
    .softmax, "Attention/chunk_lanes.clh", "values_of[r][i] *= old[r];", ";", "gpu", "Attention"),
  KernelMutant(
    .edge, "Attention/chunk_lanes.clh", "p < min(first + SUBGROUP_SIZE, seen->to)",
    "p < min(first + SUBGROUP_SIZE, seen->to - 1)", "gpu", "Attention"),
  KernelMutant(
    .window, "Attention/chunk_lanes.clh", "if (SEES(position + r, p)) values_of",
    "if (SEES(position + QUERIES - 1, p)) values_of", "gpu", "Attention", "window=16"),
]
