import TestSupport

/// Faults in products of the cpu and gpu styles.
let productMutants: [KernelMutant] = [
  // The rule cuts so few rows into smaller pieces: what is cut in another way tells.
  KernelMutant(
    .batch, "Linear/linear.cpu.cl", "value = FINISH(value, load_columns(bias + v * LANES, left), scale);",
    "value = FINISH(value, load_columns(bias + v * LANES, left), scale); if (rowsPerItem > 64) value *= 1.0000002f;",
    "cpu", "Linear", "rows=65 K=128 N=96 bf16"),
  KernelMutant(
    .edge, "Common/panels.clh", "    panel_tile_4(x, panel, fetch, K, acc);\n    return 4;",
    "    panel_tile_4(x, panel, fetch, K, acc);\n    return 5;", "cpu", "Linear", "bf16"),
  KernelMutant(
    .outside, "Common/panels.clh", "for (int i = 0; i < columns; i++) out[i] = lanes[i];",
    "for (int i = 0; i <= columns; i++) out[i] = lanes[i];", "cpu", "Linear", "bf16"),
  KernelMutant(
    .edge, "Linear/linear.cpu.cl", "const int end = min(begin + rowsPerItem, rows);",
    "const int end = min(begin + rowsPerItem, rows - (rows > 8));", "cpu", "Linear", "bf16"),
  KernelMutant(
    .unwritten, "Linear/linear.cpu.cl", "const int left = N - feature - v * LANES;",
    "const int left = N - feature - v * LANES - (N == 33);", "cpu", "Linear", "bf16"),
  KernelMutant(
    .outside, "Linear/linear.cpu.cl", "const int left = N - feature - v * LANES;",
    "const int left = N - feature - v * LANES + (N == 33 || N == 45);", "cpu", "Linear", "bf16"),
  KernelMutant(
    .bias, "Linear/linear.cpu.cl", "bias += firstFeature + feature;", "bias += firstFeature;", "cpu", "Linear", "bias"),
  KernelMutant(
    .bias, "Linear/finish.clh", "(BIASED(sum, bias) * (scale))", "BIASED((sum) * (scale), bias)", "gpu", "Linear",
    "bias"),
  KernelMutant(
    .unwritten, "Linear/linear.cpu.cl", "if (accumulate) value += load_columns(out + v * LANES, left);", "", "cpu",
    "Linear", "accumulate"),
  KernelMutant(
    .edge, "Linear/linear.gpu.cl", "multiply_step(xs, ws, min(BLOCK_K, K - k), thread, sum, exchange);",
    "multiply_step(xs, ws, min(BLOCK_K, K - k - (K == 33)), thread, sum, exchange);", "gpu", "Linear", "bf16"),
  KernelMutant(
    .barrier, "Linear/linear.gpu.cl",
    "load_weights(ws, w, first, N, k, K, ROLE_PLAIN, thread);\n    barrier(CLK_LOCAL_MEM_FENCE);",
    "load_weights(ws, w, first, N, k, K, ROLE_PLAIN, thread);", "gpu", "Linear", "bf16"),
  KernelMutant(
    .edge, "Common/tiles.clh", "first + n < N && k + kk < K ?", "first + n < N - 1 && k + kk < K ?", "gpu", "Linear",
    "bf16"),
  KernelMutant(
    .edge, "Common/shared_rows.clh", "m < rows && k + kk < K ?", "m < rows - 1 && k + kk < K ?", "gpu", "HeadProducts"),
  KernelMutant(
    .batch, "Common/shared_rows.clh", "sum[m][n] = fma(xs[kk][tm + m * ITEMS_M], ws[kk][tn + n * ITEMS_N], sum[m][n]);",
    "sum[m][n] = m == 1 ? sum[m][n] + xs[kk][tm + m * ITEMS_M] * ws[kk][tn + n * ITEMS_N] : fma(xs[kk][tm + m * ITEMS_M], ws[kk][tn + n * ITEMS_N], sum[m][n]);",
    "gpu", "Linear", "bf16"),
  KernelMutant(
    .edge, "Linear/head_products.cpu.cl", "end = min(begin + ROW_BLOCK, rows);",
    "end = min(begin + ROW_BLOCK - 1, rows);",
    "cpu", "HeadProducts"),
  KernelMutant(
    .unwritten, "Linear/head_products.cpu.cl", "for (int i = K; i < head_size; i++)",
    "for (int i = K + 1; i < head_size; i++)", "cpu", "HeadProducts"),
  KernelMutant(
    .outside, "Linear/head_products.gpu.cl", "if (row < rows && feature < N) y", "if (row <= rows && feature < N) y",
    "gpu",
    "HeadProducts"),
  KernelMutant(
    .expert, "Linear/head_products.gpu.cl", "w += get_group_id(2) * weights_size(N, K, 0);",
    "w += (get_num_groups(2) - 1 - get_group_id(2)) * weights_size(N, K, 0);", "gpu", "HeadProducts"),
  KernelMutant(
    .expert, "Experts/down.cpu.cl",
    "w + ((ulong)expert * get_global_size(0) + panel) * PANEL_SIZE(I);",
    "w + ((ulong)(experts - 1 - expert) * get_global_size(0) + panel) * PANEL_SIZE(I);",
    "cpu", "Experts", "bf16"),
  KernelMutant(
    .edge, "Experts/down.cpu.cl", "sources[r] = hidden + min(s + r, tile.z - 1) * X_ROW(I);",
    "sources[r] = hidden + min(s + r, max(tile.z - 2, tile.y)) * X_ROW(I);", "cpu", "Experts", "bf16"),
  KernelMutant(
    .bias, "Experts/gate_up.cpu.cl", "load_columns(own + I, left - v * LANES);", "load_columns(own, left - v * LANES);",
    "cpu",
    "Experts", "clamped"),
  KernelMutant(
    .expert, "Experts/down.cpu.cl", "value += load_columns(bias + (ulong)tile.w * K +",
    "value += load_columns(bias +", "cpu", "Experts", "clamped"),
  KernelMutant(
    .edge, "Experts/gate_up.cpu.cl", "sums[part] + (s - begin));", "sums[part]);", "cpu", "Experts", "bf16"),
  KernelMutant(
    .edge, "Experts/gate_up.cpu.cl", "(ulong)(begin + r) * I", "(ulong)(tile.y + r) * I", "cpu", "Experts", "rows=140"),
  KernelMutant(
    .edge, "Experts/gate_up.cpu.cl", "store_columns(sums[0][r][v], target",
    "if (r < 63) store_columns(sums[0][r][v], target", "cpu", "Experts", "rows=140"),
  KernelMutant(
    .unwritten, "Experts/gate_up.cpu.cl", "column = panel * PANEL, left = N - column;",
    "column = panel * PANEL, left = N - column - (N == 17);", "cpu", "Experts", "bf16"),
  KernelMutant(
    .activation, "Experts/activation.clh", "activate(float g, float u,", "activate(float u, float g,", "gpu",
    "Experts", "bf16"),
  KernelMutant(
    .activation, "Experts/activate_vectors.clh", "z[i] < 0.0f ? gate[i] * e[i] : gate[i]", "gate[i]", "cpu",
    "Experts", "bf16"),
  KernelMutant(
    .activation, "Experts/activation.clh", "((gate) * (alpha))", "(gate)", "cpu", "Experts", "clamped"),
  KernelMutant(
    .activation, "Experts/activation.clh", "((g) > (limit) ? (limit) : (g))", "(g)", "cpu", "Experts", "clamped"),
  KernelMutant(
    .activation, "Experts/activation.clh", "(u)) + 1.0f)", "(u)))", "cpu", "Experts", "clamped"),
  KernelMutant(
    .activation, "Experts/activation.clh", "((u) > (limit) ? (limit) : (u) <", "((u) <", "cpu", "Experts", "clamped"),
  KernelMutant(
    .activation, "Experts/gate_up.cpu.cl", "sums[0][r][v] += load_columns(own, left - v * LANES);", "", "cpu",
    "Experts", "clamped"),
  KernelMutant(
    .activation, "Experts/activation.clh", "(u) < -(limit) ? -(limit) : (u)", "(u)", "cpu", "Experts", "clamped"),
  KernelMutant(
    .edge, "Experts/gate_up.cpu.cl", "row < end - begin; row++)", "row + 1 < end - begin; row++)", "cpu", "Experts",
    "bf16"),
  KernelMutant(
    .activation, "Experts/activation.clh", "(u) < -(limit) ? -(limit) : (u)", "(u)", "gpu", "Experts", "clamped"),
  KernelMutant(
    .expert, "Experts/experts.gpu.cl", "w += expert * weights_size(N, I, 0);",
    "w += (expert ^ (expert == 1)) * weights_size(N, I, 0);", "gpu", "Experts", "bf16"),
  KernelMutant(
    .edge, "Experts/experts.gpu.cl", "const int steps = min(BLOCK_K, K - k);",
    "const int steps = min(BLOCK_K, K - k - (K == 33));", "gpu", "Experts", "bf16"),
  KernelMutant(
    .barrier, "Experts/experts.gpu.cl",
    "load_weights(ups, w, first, N, k, K, ROLE_UP, thread);\n    barrier(CLK_LOCAL_MEM_FENCE);",
    "load_weights(ups, w, first, N, k, K, ROLE_UP, thread);", "gpu", "Experts", "bf16"),
  KernelMutant(
    .outside, "Experts/experts.gpu.cl", "if (row < rows && column < N) {", "if (row < rows && column <= N) {", "gpu",
    "Experts", "bf16"),
  KernelMutant(
    .expert, "Experts/combine.cl", "fma((type)(weights[j])", "fma((type)(weights[CHOSEN - 1 - j])",
    "cpu",
    "Experts", "bf16"),
  KernelMutant(
    .edge, "Experts/combine.cl", "end = min(k + SPAN, K);", "end = min(k + SPAN, K - 1);", "gpu", "Routing"),
]
