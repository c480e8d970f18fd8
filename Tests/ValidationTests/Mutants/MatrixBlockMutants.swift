import TestSupport

/// Faults in what the kernels for matrix units make of weights in blocks.
let matrixBlockMutants: [KernelMutant] = [
  fault(.scale, "Common/mma_blocks.clh", "inside / GROUP_K + i, source", "inside / GROUP_K, source", "Q6_K"),
  fault(.scale, "Common/mma_blocks.clh", "inside / GROUP_K + i, source", "i, source", "Q4_K"),
  fault(
    .scale, "Common/mma_blocks.clh", "(ulong)(k / BLOCK_LENGTH) * BLOCK_BYTES;",
    "(ulong)(k / BLOCK_LENGTH / 2 * 2) * BLOCK_BYTES;", "Q5_0"),
  fault(.scale, "Common/mma_blocks.clh", "(inside + lane_k(i)) / WORD_K", "inside / WORD_K", "Q4_0"),
  fault(
    .scale, "Common/mma_pieces.clh", "half_word(codes, get_local_id(0) % 2)", "half_word(codes, 0)", "Q6_K"),
  fault(.scale, "Common/mma_pieces.clh", "cut(values[i].xzyw, x->pieces[i])", "cut(values[i], x->pieces[i])", "Q8_0"),
  fault(.scale, "Common/mma_pieces.clh", "if (HAS_MINIMUM) sum = fma", "if (HAS_MINIMUM && i > 0) sum = fma", "Q5_1"),
  fault(
    .scale, "Common/mma_pieces.clh", "i % 2 == 0 ? x->sums.x : x->sums.y, sum", "x->sums.x, sum", "Q4_1"),
  fault(
    .edge, "Common/mma_blocks.clh", "part * 16 + f;", "part * 16 + (f ^ 8);", "Q4_0"),
  fault(
    .batch, "Common/mma_pieces.clh", "float sum = fma(s == 0 ? scale.x : scale.y, dots[s][i], sums[s][t][i]);",
    "const float one = s == 0 ? scale.x : scale.y;\n"
      + "        float sum = TILES == 2 ? one * dots[s][i] + sums[s][t][i] : fma(one, dots[s][i], sums[s][t][i]);",
    "Q8_0"),
  fault(
    .edge, "Common/mma_split_blocks.clh", "min(i, spans - 1);", "min(i, max(spans - 2, 0));", "Q8_0"),
  fault(.scale, "Common/mma_split_blocks.clh", "i * SPAN_GROUPS + g, &chunk", "i * SPAN_GROUPS, &chunk", "Q6_K"),
  fault(
    .batch, "Common/mma_split_blocks.clh", "load_steps(rows[t], first + i * SPAN_K, K, values[i][t]);",
    "load_steps(rows[TILES - 1], first + i * SPAN_K, K, values[i][t]);", "Q4_0"),
  fault(
    .scale, "Common/mma_pieces.clh", "x->sums = tile->sums[lane % 4];", "x->sums = tile->sums[0];", "Q5_1"),
  fault(
    .edge, "Common/mma_tiled_blocks.clh", "load_span(source, min(k + SPAN_K, K - SPAN_K), &next);",
    "load_span(source, min(k + SPAN_K, max(K - 2 * SPAN_K, 0)), &next);", "MXFP4"),
  fault(
    .expert, "Common/mma_blocks.clh", "source.panel[0] + (isGated ? PANEL_SIZE(K) : 0);", "source.panel[0];", "Q8_0",
    op: "Experts"),
  fault(
    .edge, "Common/mma_blocks.clh", "isGated ? pair % 2 * 16 + f : f;", "f;", "IQ4_XS", op: "Experts"),
  fault(
    .expert, "Common/mma_blocks.clh", "panels_of(N) * PANEL_SIZE(K) * (isGated ? 2 : 1)",
    "panels_of(N) * PANEL_SIZE(K) * (isGated ? 2 : 0)", "Q4_0", op: "Experts"),
  fault(
    .scale, "Common/bf16_pairs.clh", "(vuint)(PAIR_OF_MINUS_128 | zero | zero << 16)",
    "(vuint)(PAIR_OF_MINUS_128 | zero)",
    "Q5_0"),
  fault(
    .scale, "Common/bf16_pairs.clh", "(bytes & 0x00800080) | PAIR_OF_MINUS_128)", "(vuint)(PAIR_OF_MINUS_128))", "Q8_0"),
  fault(
    .scale, "Common/formats/nibbles.clh", "(pair % 2 * 8 + pair / 2 * 4) & 0x000f000f", "(pair * 4) & 0x000f000f",
    "Q4_K"),
  fault(
    .scale, "Common/formats/fifth_bits.clh", "(pair % 2 * 8 + pair / 2) & 0x00010001", "(pair % 2 * 8) & 0x00010001",
    "Q5_K"),
  fault(.scale, "Common/formats/six_bit_scales.clh", "scales >> 2 & 0x30303030", "scales >> 2 & 0x10101010", "Q4_K"),
  fault(.scale, "Common/formats/six_bit_scales.clh", "minima >> 2 & 0x30303030", "scales >> 2 & 0x30303030", "Q5_K"),
  fault(.scale, "Common/formats/q6_k.clh", "+ k / 64 * PANEL + feature", "+ feature", "Q6_K"),
  fault(.scale, "Common/formats/iq4_xs.clh", ">> (k / 16);", ";", "IQ4_XS"),
  fault(.scale, "Common/formats/lookup.clh", "codes >> 1 & 0x4444", "codes >> 1 & 0x0444", "IQ4_NL"),
  fault(.scale, "Common/formats/mxfp4.clh", "both << 12 & 0x80008000u", "both << 12 & 0x8000", "MXFP4"),
]

/// Faults in products of activations of eight bits.
let matrixIntegerMutants: [KernelMutant] = [
  fault(.edge, "Common/mma_codes.clh", "WHOLE_WORDS ? half_span :", "WHOLE_WORDS ? 1 - half_span :", "Q4_0"),
  fault(.scale, "Common/mma_codes.clh", "WORD_K == 8 ? get_local_id(0) % 2 :", "WORD_K == 8 ? 0 :", "Q6_K"),
  fault(.scale, "Common/mma_codes.clh", "HAS_MINIMUM ? own : own ^ 0x80808080u", "own ^ 0x80808080u", "Q4_1"),
  fault(.scale, "Common/mma_codes.clh", "1.0f / BYTE_UNIT", "1.0f", "Q5_0"),
  fault(.scale, "Common/mma_codes.clh", "(1.0f / BYTE_UNIT)", "(TOKENS == 16 ? 1.0f : 1.0f / BYTE_UNIT)", "Q4_0"),
  fault(.batch, "Common/mma_codes.clh", "wide = 5.0f * scale", "wide = (SPLIT ? 9.0f : 5.0f) * scale", "Q8_0"),
  fault(.extreme, "Common/mma_codes.clh", "isnan(scale) ? scale : sum", "sum", "Q5_1"),
  fault(.scale, "Common/mma_codes.clh", "values[1] * inverse", "values[0] * inverse", "Q8_0"),
  fault(
    .batch, "Common/mma_codes.clh", "(first - INTEGER_ZERO) + (last - INTEGER_ZERO)", "first - INTEGER_ZERO", "Q4_K"),
  fault(
    .scale, "Common/mma_codes.clh", "max(both.x, both.y), max(both.z, both.w)", "both.x, max(both.z, both.w)", "Q8_0"),
  fault(
    .edge, "Common/mma_codes.clh", "min(k, K - SPAN_K) / CODE_GROUP * CODES_GROUP_BYTES",
    "min(k, max(K - 2 * SPAN_K, 0)) / CODE_GROUP * CODES_GROUP_BYTES", "MXFP4"),
  fault(
    .scale, "Common/mma_codes.clh", "x->scales = tile->scales[lane % 4];", "x->scales = tile->scales[0];", "IQ4_NL"),
  fault(.scale, "Common/mma_codes.clh", "x->sums = tile->sums[lane % 4];", "x->sums = tile->sums[0];", "Q5_K"),
  fault(.scale, "Common/mma_codes.clh", "group == 0 ? x->codes.x : x->codes.y", "x->codes.x", "Q6_K"),
  fault(.scale, "Common/mma_codes.clh", "x->scales.z, x->scales.w)", "x->scales.x, x->scales.y)", "IQ4_XS"),
  fault(.edge, "Common/mma.clh", "row = thread / 32 * 8 + thread % 4 * 2", "row = thread % 4 * 2", "Q8_0"),
  fault(.scale, "Common/formats/lookup.clh", "i == 0 ? 0x6420 : 0x7531", "i == 0 ? 0x6420 : 0x5731", "MXFP4"),
  fault(.batch, "Linear/quantise.mma.cl", "x += row * K;", "x += row / 2 * K;", "Q8_0"),
  fault(.edge, "Linear/quantise.mma.cl", "vload16(2 * g + 1, x)", "vload16(2 * g, x)", "Q8_0", op: "Experts"),
]

private func fault(
  _ kind: KernelMutant.Kind, _ file: String, _ fragment: String, _ replacement: String, _ format: String,
  op: String = "Linear"
) -> KernelMutant {
  KernelMutant(kind, file, fragment, replacement, "mma", op, format)
}
