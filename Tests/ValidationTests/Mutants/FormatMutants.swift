import TestSupport

/// Faults in what decodes weights.
let formatMutants: [KernelMutant] = [
  KernelMutant(
    .scale, "Common/block_panels.clh",
    "UNROLL for (int v = 0; v < VECTORS; v++) group_scales(block, group,",
    "UNROLL for (int v = 0; v < VECTORS; v++) group_scales(k == BLOCK_LENGTH ? panel : block, group,", "cpu",
    "Linear", "Q4_0"),
  KernelMutant(
    .scale, "Common/block_panels.clh", "const int inside = k % BLOCK_LENGTH;",
    "const int inside = k % BLOCK_LENGTH / 64 * 64;",
    "cpu", "Embedding", "Q4_K"),
  KernelMutant(
    .scale, "Common/formats/q8_0.clh", "TO_VFLOAT(AS_VINT(codes << (24 - 8 * i)) >> 24)",
    "TO_VFLOAT(codes >> (8 * i) & 127)", "cpu", "Linear", "Q8_0"),
  KernelMutant(
    .scale, "Common/formats/q4_0.clh", "*offset = -8.0f * *scale;", "*offset = -7.0f * *scale;", "gpu", "Linear", "Q4_0"
  ),
  KernelMutant(
    .scale, "Common/formats/q4_1.clh", "*offset = half_scale(block + 2 * PANEL, feature);",
    "*offset = half_scale(block, feature);", "cpu", "Linear", "Q4_1"),
  KernelMutant(
    .scale, "Common/formats/q5_0.clh", "*offset = -16.0f * *scale;", "*offset = -15.0f * *scale;", "cpu", "Linear",
    "Q5_0"),
  KernelMutant(
    .scale, "Common/formats/q5_1.clh", "five_bit_codes(block + 4 * PANEL, w, feature)",
    "five_bit_codes(block + 4 * PANEL, 0, feature)", "gpu", "Linear", "Q5_1"),
  KernelMutant(
    .scale, "Common/formats/fifth_bits.clh", "(codes.high >> (i % 4 * 8 + i / 4) & 1) << 4",
    "(codes.high >> (i % 4 * 8 + i / 4) & 1) << 3", "cpu",
    "Linear",
    "Q5_0"),
  KernelMutant(
    .scale, "Common/formats/six_bit_scales.clh", "own = (low & 15) | (scales >> 6 & 3) << 4;", "own = low & 15;", "gpu",
    "Linear", "Q4_K"),
  KernelMutant(
    .scale, "Common/formats/six_bit_scales.clh", "minimum = (low >> 4 & 15) | (minima >> 6 & 3) << 4;",
    "minimum = (low & 15) | (minima >> 6 & 3) << 4;", "gpu", "Linear", "Q5_K"),
  KernelMutant(
    .scale, "Common/formats/q6_k.clh", "group / 4 * PANEL + feature", "group / 8 * PANEL + feature", "gpu", "Linear",
    "Q6_K"),
  KernelMutant(
    .scale, "Common/formats/q6_k.clh", ">> (w % 2 * 4);", ">> (w / 2 % 2 * 4);", "gpu", "Linear", "Q6_K"),
  KernelMutant(
    .scale, "Common/formats/unequal_steps.clh", "-22.0f, -10.0f, 1.0f,", "-22.0f, -10.0f, 0.0f,", "cpu", "Linear",
    "IQ4_NL"),
  KernelMutant(
    .scale, "Common/formats/iq4_xs.clh", "(TO_VFLOAT(low | high << 4) - 32.0f)", "(TO_VFLOAT(low | high << 4) - 31.0f)",
    "gpu", "Linear", "IQ4_XS"),
  KernelMutant(
    .scale, "Common/formats/mxfp4.clh", "normal = (exponent - 1) << 23;", "normal = exponent << 23;", "cpu", "Linear",
    "MXFP4"),
  KernelMutant(
    .extreme, "Common/formats/mxfp4.clh", "exponent < 2 ? small : normal", "normal", "cpu", "Linear", "MXFP4"),
  KernelMutant(
    .extreme, "Common/plain_panels.clh", "return vload_half16(0, (__global const half *)at);",
    "const ushort16 b = VLOAD(0, at), kept = (b & (ushort)0x7c00) == (ushort)0 ? b & (ushort)0x8000 : b;"
      + "return vload_half16(0, (const half *)&kept);", "cpu", "Linear", "f16"),
  KernelMutant(
    .scale, "Common/weights.clh", "n / PANEL * 2 + role) *", "n / PANEL * 2) *",
    "gpu",
    "Experts", "Q8_0"),
  KernelMutant(
    .edge, "Common/plain_panels.clh", "if (K & 1) {", "if (K & 1 && K > 33) {", "cpu", "Linear", "bf16"),
  KernelMutant(
    .batch, "Common/plain_panels.clh", "sum[r][v] = fma((vfloat)(row[r][K - 1]), even, sum[r][v]);",
    "sum[r][v] = R == 4 ? sum[r][v] + row[r][K - 1] * even : fma((vfloat)(row[r][K - 1]), even, sum[r][v]);", "cpu",
    "Linear", "bf16"),
  KernelMutant(
    .batch, "Common/block_panels.clh", "sum[r][v] = fma(x, value[v], sum[r][v]);",
    "sum[r][v] = R == 2 ? sum[r][v] + x * value[v] : fma(x, value[v], sum[r][v]);", "cpu", "Linear", "Q8_0"),
]
