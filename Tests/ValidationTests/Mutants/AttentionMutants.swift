import TestSupport

/// Faults in heads and attention of the cpu and gpu styles.
let attentionMutants: [KernelMutant] = [
  KernelMutant(
    .rotary, "Attention/heads_row.clh", "a * rotary[i] - b * rotary[i + ROTARY_HALF]",
    "a * rotary[i] + b * rotary[i + ROTARY_HALF]", "cpu", "Attention"),
  KernelMutant(
    .rotary, "Attention/heads.clh", "#define PAIR_SECOND(i) (ROTARY_FROM + (i) + ROTARY_HALF)",
    "#define PAIR_SECOND(i) (ROTARY_FROM + (i) + 1)", "gpu", "Attention"),
  KernelMutant(
    .rotary, "Attention/heads.clh", "#define PAIR_OF(r) ((r) / 2)", "#define PAIR_OF(r) ((r) % ROTARY_HALF)", "gpu",
    "Attention", "latent=48"),
  KernelMutant(
    .activation, "Attention/heads.clh", "(x) < -(clip) ? -(clip) : (x)", "(x)", "cpu", "Attention", "clip"),
  KernelMutant(
    .activation, "Attention/heads.cpu.cl", "vectors, norm, key_norm, epsilon", "vectors, norm, query_norm, epsilon",
    "cpu", "Attention", "norm"),
  KernelMutant(
    .activation, "Attention/heads_group.clh", "NORM_SIZE, epsilon, scratch);", "HEAD_SIZE, epsilon, scratch);", "gpu",
    "Attention", "latent=48"),
  // Norms over all heads.
  KernelMutant(
    .activation, "Attention/heads_group.clh", "key_norm + NORM_AT(key)", "key_norm", "gpu", "Attention", "wide"),
  KernelMutant(
    .activation, "Attention/heads_group.clh", "(key) < 0 ? query_scale : key_scale", "query_scale", "mma", "Attention",
    "wide"),
  KernelMutant(
    .unwritten, "Attention/heads_group.clh", "END_HEAD - first) * HEAD_SIZE;", "END_HEAD - first) * HEAD_SIZE - WIDE;",
    "gpu", "Attention", "wide"),
  KernelMutant(
    .barrier, "Attention/heads_group.clh", "barrier(CLK_LOCAL_MEM_FENCE);  /* the heads are scaled */", "", "gpu",
    "Attention"),
  KernelMutant(
    .table, "Attention/heads.cpu.cl", "place = slots[row] % BLOCK;", "place = slots[row] % BLOCK ^ 1;", "cpu",
    "Attention"),
  KernelMutant(
    .table, "Attention/heads_group.clh", "const int block = slots[row] / BLOCK,",
    "const int block = slots[row] / BLOCK / 2 * 2,",
    "gpu", "Attention"),
  KernelMutant(
    .outside, "Attention/heads_row.clh", "for (int d = 0; d < HEAD_SIZE; d++) vectors[d] = out[d];",
    "for (int d = 0; d <= HEAD_SIZE; d++) vectors[d] = out[min(d, HEAD_SIZE - 1)];", "cpu", "Attention"),
  // What no row of the batch sees: later positions, and values of another sequence's block.
  KernelMutant(
    .outside, "Attention/heads_row.clh", "keys[place + d * BLOCK] = out[d];",
    "keys[place + d * BLOCK] = keys[BLOCK - 1 + d * BLOCK] = out[d];", "cpu", "Attention", "neighbours"),
  KernelMutant(
    .outside, "Attention/heads.gpu.cl", "+ place * HEAD_SIZE + d] = scaled[d];",
    "+ (place | 1) * HEAD_SIZE + d] = values[block_offset(block, value, key_value_heads) + place * HEAD_SIZE + d] = scaled[d];",
    "gpu", "Attention", "neighbours"),
  KernelMutant(
    .outside, "Attention/heads.gpu.cl", "+ d * BLOCK + place] = rotated(scaled, turns, d);",
    "+ d * BLOCK + place] = keys[block_offset(0, key, key_value_heads) + d * BLOCK + 15] = rotated(scaled, turns, d);",
    "gpu", "Attention", "neighbours"),
  KernelMutant(
    .window, "Attention/layout.clh", "max(0, position - WINDOW + 1)", "max(0, position - WINDOW)", "cpu", "Attention",
    "window=16"),
  KernelMutant(
    .window, "Attention/attend.clh", "b * BLOCK < (int16)(end) && lane", "b * BLOCK <= (int16)(end) && lane", "cpu",
    "Attention"),
  KernelMutant(
    .window, "Attention/attention.gpu.cl", "((p) <= (position) - chunk", "((p) <= (position) - chunk - (position > 0)",
    "gpu",
    "Attention"),
  KernelMutant(
    .window, "Attention/chunk_shared.clh", "if (SEES(position + r, p)) values_of",
    "if (SEES(position + QUERIES - 1, p)) values_of",
    "gpu",
    "Attention", "window=16"),
  KernelMutant(
    .batch, "Attention/attention.gpu.cl", "#define PARTS 8", "#define PARTS (64 / QUERIES)", "gpu", "Attention"),
  KernelMutant(
    .sink, "Attention/attend.clh", "if (SINKS) rows[r].sum.s0 = 1.0f;", "", "cpu",
    "Attention",
    "sinks"),
  KernelMutant(
    .sink, "Attention/attention.gpu.cl", "maximum[item] = SINKS ? sinks[head] : -INFINITY;",
    "maximum[item] = SINKS ? sinks[source] : -INFINITY;", "gpu", "Attention", "sinks"),
  KernelMutant(
    .softmax, "Attention/attend.clh", "for (int d = 0; d < VALUE_SIZE; d++) rows[r].values[d] *= factor[r];", "", "cpu",
    "Attention"),
  KernelMutant(
    .softmax, "Attention/attend.clh", "rows[r].values[d] *= factor[r]", "rows[r].values[d] *= factor[0]", "cpu",
    "Attention"),
  KernelMutant(.softmax, "Attention/attend.clh", "rows[r].sum *= factor[r];", "", "cpu", "Attention"),
  KernelMutant(
    .window, "Attention/attend.clh", "if (begin[r] >= end[r]) continue;\n    if (change[r]", "if (change[r]", "cpu",
    "Attention"),
  KernelMutant(
    .softmax, "Attention/chunk_shared.clh", "values_of[r][i] *= old[r];", ";", "gpu", "Attention"),
  KernelMutant(
    .table, "Attention/attend.clh", "block[b] = keys + block_offset(table[min(b, blocks - 1)], head, heads);",
    "block[b] = keys + block_offset(table[0], head, heads);", "cpu", "Attention"),
  KernelMutant(
    .table, "Attention/attention.gpu.cl", "keys + block_offset(table[p / BLOCK], source, key_value_heads)",
    "keys + block_offset(table[p / BLOCK], 0, key_value_heads)", "gpu", "Attention"),
  KernelMutant(
    .barrier, "Attention/attention.gpu.cl",
    "    barrier(CLK_LOCAL_MEM_FENCE);\n    raise_maximum", "    raise_maximum", "gpu", "Attention"),
  KernelMutant(
    .batch, "Attention/attend.clh", "sum[r][i] = fma(factor, vector[i], sum[r][i]);",
    "sum[r][i] += factor * vector[i];", "cpu", "Attention"),
  KernelMutant(
    .table, "Attention/attend.clh", "own = head + pair / height;", "own = head;", "cpu", "Attention"),
  KernelMutant(
    .window, "Attention/attend.clh", "position + (first + r) % height;", "position + r;", "cpu", "Attention"),
  KernelMutant(
    .edge, "Attention/attend.clh", "for (int r = 0; r < pairs; r += TOGETHER) {",
    "for (int r = 0; r + TOGETHER <= pairs; r += TOGETHER) {", "cpu", "Attention"),
  KernelMutant(
    .edge, "Attention/attend.clh", "for (int d = SIZE_TAIL; d < VALUE_SIZE; d++) row->values[d] = fma",
    "for (int d = SIZE_TAIL; d < VALUE_SIZE - 1; d++) row->values[d] = fma", "cpu", "Attention"),
  KernelMutant(
    .edge, "Attention/attend.clh",
    "const int16 seen = lane + b * BLOCK >= (int16)(begin) && lane + b * BLOCK < (int16)(end);",
    "const int16 seen = lane + b * BLOCK >= (int16)(begin);", "cpu", "Attention", "latent=32"),
  KernelMutant(
    .table, "Attention/heads_attention.cpu.cl", "vectors + (query_heads + source) * HEAD_SIZE;",
    "vectors + (query_heads + source / 2) * HEAD_SIZE;", "cpu", "Attention"),
  KernelMutant(
    .table, "Attention/heads_attention.cpu.cl",
    "prepare_key(key, norm, key_norm, epsilon, clip, turns, keys + offset, place)",
    "prepare_key(key, norm, key_norm, epsilon, clip, turns, keys + offset, place ^ 1)", "cpu", "Attention"),
  KernelMutant(
    .softmax, "Common/exponential.clh", "1.0f / 6);", "1.0f / 7);", "cpu", "Attention"),
  KernelMutant(
    .softmax, "Common/exponential.clh", "x[i] < -87.0f", "x[i] < -1.0f", "cpu", "Attention"),
]
