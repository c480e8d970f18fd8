import TestSupport

/// Faults in the kernels for matrix units, whose instruction is acted out.
let matrixUnitMutants: [KernelMutant] = [
  KernelMutant(
    .edge, "Common/mma_product.clh", "if (t == 0 || t < tiles) {", "if (t == 0 || t < tiles - (tiles == 5)) {", "mma",
    "Linear", "bf16"),
  KernelMutant(
    .scale, "Common/mma_product.clh", "for (int p = PIECES - 1; p >= 0; p--) {",
    "for (int p = PIECES - 1; p > 0; p--) {",
    "mma", "Linear", "bf16"),
  KernelMutant(
    .edge, "Linear/linear.mma.cl", "if (r >= rows || n >= N) continue;",
    "if (r >= rows || n >= N - (N == 45)) continue;",
    "mma", "Linear", "bf16"),
  KernelMutant(
    .outside, "Linear/linear.mma.cl", "if (r >= rows || n >= N) continue;", "if (r >= rows + 1 || n >= N) continue;",
    "mma",
    "Linear", "bf16"),
  KernelMutant(
    .barrier, "Common/mma_split.clh",
    "    }\n    barrier(CLK_LOCAL_MEM_FENCE);\n    UNROLL for (int i = 0; i < OWN; i++) {",
    "    }\n    UNROLL for (int i = 0; i < OWN; i++) {",
    "mma", "Linear", "bf16"),
  KernelMutant(
    .edge, "Common/mma_split.clh", "c < min(WARPS, chunks - round); c++",
    "c < min(WARPS, chunks - round) - (chunks > 1); c++", "mma",
    "Linear", "rows=2 K=2048"),
  KernelMutant(
    .batch, "Common/mma_split.clh",
    "multiply_chunk(source, rows, (round + warp) * CHUNK_STEPS,",
    "multiply_chunk(source, rows, (round + (WARPS - 1 - warp)) * CHUNK_STEPS,",
    "mma", "Linear", "bf16"),
  KernelMutant(
    .edge, "Common/mma_tiled_plain.clh", "strip[s][min(first + i, steps - 1) * 32]",
    "strip[s][min(first + i, steps - 2) * 32]",
    "mma", "Linear", "bf16"),
  KernelMutant(
    .scale, "Common/fragments.clh", "return pair.x | pair.y << 16;\n#else", "return pair.y | pair.x << 16;\n#else",
    "mma", "Linear",
    "bf16"),
  KernelMutant(
    .scale, "Common/fragments.clh", "#define PIECES 2", "#define PIECES 1", "mma", "Linear", "bf16"),
  KernelMutant(
    .scale, "Common/fragments.clh", "p < WEIGHT_PIECES; p++", "p < min(WEIGHT_PIECES, 2); p++", "mma", "Embedding",
    "f32"),
  KernelMutant(
    .scale, "Common/mma_split.clh", "(row_steps(K) + CHUNK_STEPS - 1)",
    "((WEIGHT_PIECES == 3 ? 2 * steps_of(K) : row_steps(K)) + CHUNK_STEPS - 1)", "mma", "Linear", "K=280 f32"),
  KernelMutant(
    .scale, "Common/fragments.clh", "(127 - 8 * piece)", "(127 - 8 * min(piece, 1))", "mma", "Linear", "K=280 f32"),
  KernelMutant(
    .edge, "Common/mma_split_plain.clh", "(step - piece * steps_of(K)) * 16", "step * 16", "mma", "Linear",
    "K=280 f16"),
  KernelMutant(
    .edge, "Common/mma_tiled_plain.clh", "(first - piece_of(first, K) * steps_of(K)) * 16", "first * 16", "mma",
    "Experts",
    "rows=37 f32"),
  KernelMutant(
    .expert, "Experts/experts.mma.cl", "w += expert * matrix_size(N, K, 1);",
    "w += (experts - 1 - expert) * matrix_size(N, K, 1);", "mma", "Experts", "bf16"),
  KernelMutant(
    .activation, "Experts/experts.mma.cl", "float gate = sums[i], up = sums[2 + i];",
    "float gate = sums[2 + i], up = sums[i];",
    "mma", "Experts", "bf16"),
  KernelMutant(
    .bias, "Experts/experts.mma.cl", "up += bias[I + n];", "up += bias[n];", "mma", "Experts", "clamped"),
  KernelMutant(
    .extreme, "Attention/heads.mma.cl", "if (!isfinite(scaled[d])) spoiled[unit] = 1;", "", "mma", "Attention",
    "NaN norm"),
  KernelMutant(
    .table, "Attention/heads.mma.cl", "keys + unit * UNIT * 8 + key_element(place, d)",
    "keys + unit * UNIT * 8 + key_element(place ^ 8, d)",
    "mma", "Attention"),
  KernelMutant(
    .window, "Attention/attention.mma.cl", "position[1] + 1 - chunk};\n", "position[1] + 2 - chunk};\n", "mma",
    "Attention"),
  KernelMutant(
    .sink, "Attention/attention.mma.cl", "    sum[i] = 1.0f;", "    sum[i] = 0.0f;", "mma", "Attention", "sinks"),
  KernelMutant(
    .softmax, "Attention/attention.mma.cl", "state->values[i / 4][i % 4] *= old[i % 4 / 2];", ";", "mma", "Attention"),
  KernelMutant(
    .edge, "Attention/attention.mma.cl", "part == own_parts - 1 ? merged / sum[i] : merged",
    "part == own_parts - 1 && part == 0 ? merged / sum[i] : merged",
    "mma", "Attention"),
]
