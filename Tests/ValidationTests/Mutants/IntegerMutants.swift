import TestSupport

/// Faults in what makes and takes activations of eight bits, in codes that are floats.
let integerMutants: [KernelMutant] =
  [
    KernelMutant(
      .scale, "Common/integer_tile.clh", "* (VALUE_ZERO / 128.0f)", "* ((VALUE_ZERO - 1) / 128.0f)", "cpu",
      "Linear", "Q4_0"),
    KernelMutant(
      .scale, "Common/integer_tile.clh", "starts[0] - starts[1]", "starts[1]", "cpu", "Linear", "Q6_K"),
    KernelMutant(
      .scale, "Common/integer_tile.clh", "(ulong)((uint)first / CODE_GROUP) * CODES_GROUP_BYTES;",
      "(ulong)((uint)first / CODE_GROUP / 2 * 2) * CODES_GROUP_BYTES;", "cpu", "Linear", "Q4_0"),
    KernelMutant(
      .scale, "Common/integer_tile.clh", "if (HAS_MINIMUM) sum", "if (HAS_MINIMUM && k > 0) sum", "cpu", "Linear",
      "Q4_1"),
    KernelMutant(
      .scale, "Common/integer_tile.clh", "chunk_scales(block, inside,", "chunk_scales(block, 0,", "cpu", "Linear",
      "Q4_K"),
    KernelMutant(
      .scale, "Common/formats/six_bit_scales.clh", "chunk.scales >> (8 * i) & 255", "chunk.scales >> (8 * i) & 31",
      "cpu",
      "Linear", "Q5_K"),
    KernelMutant(
      .scale, "Common/formats/q6_k.clh", "chunk.four[i / 4] <<", "chunk.four[0] <<", "cpu", "Linear", "Q6_K"),
    KernelMutant(
      .scale, "Common/formats/iq4_xs.clh", "(chunk.high >> (2 * i) & 3) << 4", "(chunk.high & 3) << 4", "cpu", "Linear",
      "IQ4_XS"),
    KernelMutant(
      .scale, "Common/codes.clh", "DIVIDED(127.0f, largest)", "DIVIDED(128.0f, largest)", "cpu", "Linear", "Q8_0"),
    KernelMutant(
      .scale, "Common/codes.clh", "first = sum_codes(low),", "first = sum_codes(low) / 2,", "cpu", "Linear", "Q6_K"),
    KernelMutant(
      .extreme, "Common/codes.clh", ": NAN)", ": 0.0f)", "cpu", "Linear", "Q8_0"),
    KernelMutant(
      .unwritten, "Common/code_groups.clh", "min(begin + GROUPS_TOGETHER, count)",
      "min(begin + GROUPS_TOGETHER - 1, count)", "cpu", "Linear", "Q4_1"),
    KernelMutant(
      .batch, "Common/code_groups.clh", "scales[i - begin], inverses", "scales[0], inverses", "cpu", "Experts", "Q8_0"),
    KernelMutant(
      .scale, "Common/codes.clh", "16 * as_uint(INTEGER_ZERO)", "15 * as_uint(INTEGER_ZERO)", "cpu", "Linear", "Q4_1"),
    KernelMutant(
      .edge, "Linear/quantise.cpu.cl", "vload16(1, x)", "vload16(0, x)", "cpu", "Linear", "Q8_0"),
    KernelMutant(
      .batch, "Linear/quantise.cpu.cl", "x += row * K;", "x += row / 2 * K;", "cpu", "Linear", "Q8_0"),
    KernelMutant(
      .edge, "Experts/gate_up.cpu.cl", "/ MADE_GROUP * MADE_GROUP_BYTES", "/ MADE_GROUP / 2 * MADE_GROUP_BYTES", "cpu",
      "Experts", "Q8_0"),
    KernelMutant(
      .batch, "Common/code_groups.clh", "first + i * stride", "first + (i - begin) * stride", "cpu", "Experts",
      "rows=140"),
    KernelMutant(
      .unwritten, "Linear/quantise.cpu.cl", "codes + k / CODE_GROUP * CODES_GROUP_BYTES", "codes", "cpu", "Linear",
      "Q4_1"),
    KernelMutant(.extreme, "Common/codes.clh", "< 1e-36f", "< 0.0f", "cpu", "Linear", "Q4_K"),
    KernelMutant(
      .batch, "Experts/gate_up.cpu.cl", "made + begin * MADE_BYTES(I)", "made + tile.y * MADE_BYTES(I)", "cpu",
      "Experts",
      "Q8_0"),
    KernelMutant(
      .scale, "Common/formats/q8_0.clh", "PANEL + feature) ^ 0x80808080u", "PANEL + feature) ^ 0x80808000u", "cpu",
      "Linear", "Q8_0"),
  ] + codeMutants

/// Faults in what makes codes beside its output, which the product behind it takes.
private let codeMutants: [KernelMutant] = [
  KernelMutant(
    .batch, "Norm/rms_norm.cpu.cl", "made += get_global_id(0) * MADE_BYTES(K);", "", "cpu", "Norm", "product"),
  KernelMutant(
    .unwritten, "Norm/rms_norm.cpu.cl", "store_made(values, count,", "store_made(values, count - 1,", "cpu", "Norm",
    "product"),
  KernelMutant(
    .edge, "Norm/rms_norm.cpu.cl", "values[i / 2][i % 2] = value;", "values[i / 2][1 - i % 2] = value;", "cpu", "Norm",
    "product"),
  KernelMutant(
    .activation, "Norm/rms_norm.cpu.cl", "vload16(i, x + row + k)", "vload16(i, x + row)", "cpu", "Norm", "product"),
  KernelMutant(
    .unwritten, "Norm/rms_norm.cpu.cl", "made + k / MADE_GROUP * MADE_GROUP_BYTES", "made", "cpu", "Norm", "product"),
  KernelMutant(
    .activation, "Norm/rms_norm.cpu.cl", "* vload16(i, weight + k);", "* vload16(i, weight);", "cpu", "Norm", "product"),
  KernelMutant(
    .unwritten, "Norm/rms_norm.cpu.cl", "vstore16(value, i, out + row + k);",
    "if (i % 2 == 0) vstore16(value, i, out + row + k);",
    "cpu", "Norm", "product"),
  KernelMutant(
    .batch, "Attention/attend.clh", "made + row * MADE_BYTES(columns)",
    "made + first * MADE_BYTES(columns)",
    "cpu", "Attention", "positions=0..<40 product"),
  KernelMutant(
    .table, "Attention/attend.clh", "+ own * (VALUE_SIZE / MADE_GROUP) * MADE_GROUP_BYTES", "+ own * MADE_GROUP_BYTES",
    "cpu", "Attention",
    "heads=8/2×64 product"),
  KernelMutant(
    .softmax, "Attention/attend.clh", "vload16(v, rows[r].values) * scale_out;",
    "vload16(v, rows[r].values) * (v == 1 ? 1 : scale_out);", "cpu", "Attention", "product"),
  KernelMutant(
    .unwritten, "Attention/attend.clh", "vstore16(value, v, target);", "if (v != 1) vstore16(value, v, target);", "cpu",
    "Attention", "product"),
  KernelMutant(
    .table, "Attention/attention.cpu.cl", "scale, sinks MADE_PASSED);",
    "scale, sinks MADE_PASSED + get_global_id(1) % 2);", "cpu", "Attention", "positions=0..<40 product"),
  KernelMutant(
    .table, "Attention/heads_attention.cpu.cl", "scale, sinks MADE_PASSED);",
    "scale, sinks MADE_PASSED + row % 2);", "cpu", "Attention", "positions=0..<1 product"),
]

/// The same in codes that are bytes, for the CPU's instruction.
let byteMutants: [KernelMutant] = [
  KernelMutant(
    .scale, "Common/codes.clh", "-128 * sum,", "-127 * sum,", "cpu", "Linear", "Q8_0"),
  KernelMutant(
    .scale, "Common/codes.clh", "-128 * first)", "-127 * first)", "cpu", "Linear", "Q6_K"),
  KernelMutant(
    .scale, "Common/formats/q6_k.clh", "codes.high >> (2 * i) & 0x03030303", "codes.high >> i & 0x03030303", "cpu",
    "Linear", "Q6_K"),
  KernelMutant(
    .scale, "Common/formats/fifth_bits.clh", "codes.high >> i & 0x01010101", "codes.high >> (i + 1) & 0x01010101",
    "cpu", "Linear", "Q5_0"),
  KernelMutant(
    .scale, "Common/panels.clh", "* (1.0f / SUM_UNIT);", ";", "cpu", "Linear", "Q4_0"),
  KernelMutant(
    .scale, "Common/integer_tile.clh", "inside_group + 4 * w)", "inside_group + 4 * (w ^ 1))", "cpu", "Linear",
    "Q4_0"),
  KernelMutant(
    .scale, "Common/integer_tile.clh", "(vfloat)(sum_x), offset", "(vfloat)(scale_x), offset", "cpu", "Linear", "Q4_1"),
]
