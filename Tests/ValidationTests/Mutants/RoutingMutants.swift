import TestSupport

/// Faults in routers and in the sorting of rows by expert; none leaves an index unwritten, which could end the process.
let routingMutants: [KernelMutant] = [
  KernelMutant(
    .expert, "Routing/router.cpu.cl", "logits + row * EXPERTS, correction,",
    "logits + (row == 9 ? 8 : row) * EXPERTS, correction,", "cpu", "Routing", "rows=33"),
  KernelMutant(
    .batch, "Routing/router.gpu.cl", "logits + row * EXPERTS, correction,",
    "logits + (row == 5 ? 4 : row) * EXPERTS, correction,", "gpu", "Routing", "rows=9"),
  KernelMutant(
    .edge, "Routing/group.cpu.cl", "count, entries, tileRows, load);",
    "count - (count > 20), entries, tileRows, load);",
    "cpu", "Experts", "bf16 rows=33"),
  KernelMutant(
    .tie, "Routing/choose_row.clh", "winner < 0 || keys[e] > keys[winner]", "winner < 0 || keys[e] >= keys[winner]",
    "cpu", "Routing"),
  KernelMutant(
    .tie, "Routing/choose.clh", "(keys[other] == own && other < e)", "(keys[other] == own && other > e)", "gpu",
    "Routing"),
  KernelMutant(
    .tie, "Routing/rule.clh", "(scores[g] == scores[group] && g < group)", "(scores[g] == scores[group] && g > group)",
    "cpu", "Routing", "rows=33"),
  KernelMutant(
    .extreme, "Routing/rule.clh", "isnan(score) ? -INFINITY : fmax(score, -MAXFLOAT)",
    "isnan(score) ? MAXFLOAT : fmax(score, -MAXFLOAT)", "gpu", "Routing", "rows=9 experts=8 chosen=4"),
  KernelMutant(
    .extreme, "Routing/rule.clh", "isnan(score) ? -INFINITY : fmax(score, -MAXFLOAT)",
    "isnan(score) ? -INFINITY : score", "cpu", "Routing", "rows=9 experts=8 chosen=4"),
  KernelMutant(
    .count, "Routing/rule.clh", "return GROUP_BEST == 1 ? largest : largest + second;", "return largest;", "cpu",
    "Routing", "correction"),
  KernelMutant(
    .softmax, "Routing/choose_row.clh", "exp(VLOAD(v, p) - maximum)", "exp(VLOAD(v, p))", "cpu", "Routing"),
  KernelMutant(
    .softmax, "Routing/choose.clh", "SCORING == 1 ? exp(p[i] - largest) / total : renormalise ? p[i] / total : p[i]",
    "SCORING == 1 ? exp(p[i] - largest) / total : p[i]", "gpu", "Routing"),
  KernelMutant(
    .bias, "Routing/choose.clh", "key_of(CORRECTION ? p[i] + correction[e] : p[i])", "key_of(p[i])", "gpu", "Routing",
    "correction"),
  KernelMutant(
    .count, "Routing/group_rows.clh", "used += next[e] > 0;", "used++;", "cpu", "Experts", "bf16"),
  KernelMutant(
    .edge, "Routing/group_rows.clh", "min(begin + tileRows, end), e), entry, tiles);",
    "min(begin + tileRows - 1, end), e), entry, tiles);", "cpu", "Experts", "bf16 rows=600"),
  KernelMutant(
    .expert, "Routing/group_rows.clh", "(places ? places[e] : e, begin,",
    "(places ? places[(e + 1) % EXPERTS] : e, begin,",
    "cpu", "Experts", "bf16"),
  KernelMutant(
    .count, "Routing/group.gpu.cl", "tilesOf, rows[e] > 0);", "tilesOf, 1);", "gpu", "Experts", "bf16 rows=33"),
  KernelMutant(
    .edge, "Routing/group.gpu.cl", "min(begin + tileRows, end), expert)", "min(begin + tileRows - 1, end), expert)",
    "gpu",
    "Experts", "bf16 rows=600"),
  KernelMutant(
    .count, "Routing/route_few.gpu.cl", "uses[load / 2 * EXPERTS + expert] += same;",
    "uses[load / 2 * EXPERTS + expert] += 1;", "gpu", "Experts", "rows=3 bf16 last"),
  KernelMutant(
    .expert, "Routing/route_few.gpu.cl", "(experts[i] == expert && i < item);\n    same",
    "(experts[i] == expert && i > item);\n    same",
    "gpu", "Experts", "bf16"),
  KernelMutant(
    .unwritten, "Routing/gate_weights.cl", "if (row < rows) weights", "if (row < rows - 1) weights", "cpu", "Experts",
    "gate"),
  KernelMutant(
    .activation, "Routing/gate_weights.cl", "exp(-gate[", "exp(gate[", "gpu", "Experts", "gate"),
  KernelMutant(
    .batch, "Routing/route_few.cpu.cl", "logits + row * EXPERTS,", "logits + row / 2 * EXPERTS,", "cpu", "Experts",
    "bf16 rows=3"),
  KernelMutant(
    .count, "Routing/route_few.cpu.cl", "entries, rows * CHOSEN, load);", "entries, rows * CHOSEN, 0);", "cpu",
    "Experts", "bf16 rows=3"),
]
