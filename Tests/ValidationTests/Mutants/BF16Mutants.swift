import TestSupport

/// Faults in what makes and takes activations in bf16, in numbers that are f32.
let bf16Mutants: [KernelMutant] = [
  KernelMutant(
    .scale, "Common/bf16_rows.clh", "(0x7fff + ((bits) >> 16 & 1))", "0", "cpu", "Linear", "BF16"),
  KernelMutant(
    .extreme, "Common/bf16_rows.clh", "(bits) | (type)(0x00400000)", "(type)(0)", "cpu", "Linear", "BF16"),
  KernelMutant(
    .edge, "Common/bf16_tile.clh", "(vfloat)(row[r][k + 1]), odd[v]", "(vfloat)(row[r][k]), odd[v]", "cpu", "Linear",
    "BF16"),
  KernelMutant(
    .edge, "Linear/round_rows.cpu.cl", "if (K & 1) store_bf16(0.0f, out + K);", "if (K & 1) store_bf16(NAN, out + K);",
    "cpu", "Linear", "K=33"),
  KernelMutant(
    .batch, "Linear/round_rows.cpu.cl", "out += row * BF16_LENGTH(K);", "out += row / 2 * BF16_LENGTH(K);", "cpu",
    "Linear",
    "BF16"),
  KernelMutant(
    .edge, "Linear/round_rows.cpu.cl", "for (; k < K; k++)", "for (; k + 1 < K; k++)", "cpu", "Linear", "K=33"),
  KernelMutant(
    .edge, "Common/made_rows.clh", "store_bf16_16(values[i][1], group + 16);",
    "store_bf16_16(values[i][0], group + 16);",
    "cpu",
    "Norm",
    "product BF16"),
  KernelMutant(
    .batch, "Common/made_rows.clh", "(BF16_LENGTH(K) * sizeof(bf16_t))", "(BF16_LENGTH(K))", "cpu", "Norm",
    "product BF16"),
  KernelMutant(
    .unwritten, "Common/made_rows.clh", "store_bf16_16(values[i][0], group);", "", "cpu", "Attention", "product BF16"),
]

/// The same by the CPU's instruction.
let bf16DotMutants: [KernelMutant] = [
  KernelMutant(
    .scale, "Common/bf16_tile.clh", "(row[r] + k)", "(row[r] + (k & ~2))", "cpu", "Linear", "BF16"),
  KernelMutant(
    .scale, "Common/bf16_rows.clh", "convert_ushort16((bits) >> 16)", "convert_ushort16((bits) & 0xffff)", "cpu",
    "Linear",
    "BF16"),
  KernelMutant(
    .edge, "Linear/round_rows.cpu.cl", "if (K & 1) store_bf16(0.0f, out + K);", "if (K & 1) store_bf16(NAN, out + K);",
    "cpu", "Linear", "K=33"),
]
