import Backend
import Foundation
import Reference
import Testing

struct ExpertsTests {
  /// silu(1) = 1 / (1 + 1/e) = 0.7310585786…, silu(−1) = −0.2689414213… .
  @Test func anExpertIsASwiGLU() throws {
    let test = ReferenceHarness()
    // Gate [1, 0] and [0, 1], up [2, 0] and [0, 3]; down adds both.
    let experts = try test.experts(gateUp: [[[1, 0], [0, 1], [2, 0], [0, 3]]], down: [[[1, 1], [1, -1]]])
    let routing = test.backend.makeRouting(rows: 1, experts: 1, chosen: 1, layers: 1, label: "routing")
    try test.backend.routeAll(rows: 1, into: routing)
    let out = test.empty(rows: 1, columns: 2)
    test.backend.experts(
      test.activation([1, -1]), experts, routing: routing, rows: 1,
      hidden: test.empty(rows: 1, columns: 2), into: out)
    let (a, b) = (0.7310585786300049 * 2, -0.2689414213699951 * -3)
    #expect(difference(test.backend.read(out, rows: 0..<1), [a + b, a - b]) < 1e-6)

    // A dense layer's single expert has the weight 1.
    let x = test.activation([10, 20])
    test.backend.combine(out, routing: routing, rows: 1, addingTo: x)
    #expect(difference(test.backend.read(x, rows: 0..<1), [10 + a + b, 20 + a - b]) < 1e-5)
  }

  /// Expert 0 doubles by its up projection, expert 1 triples; both rows know which they chose, expert 2 has no row.
  @Test func eachRowMeetsTheExpertsThatItChose() throws {
    let test = ReferenceHarness()
    let experts = try test.experts(
      gateUp: [[[1], [2]], [[1], [3]], [[.nan], [.nan]]], down: [[[1]], [[1]], [[.nan]]])
    let routing = test.backend.makeRouting(rows: 2, experts: 3, chosen: 2, layers: 1, label: "routing")
    try test.backend.route(
      logits: test.activation([5, 4, -90, 4, 5, -90], rows: 2), rows: 2,
      options: RouterOptions(renormalise: true, layer: 0, phase: .prefill), into: routing)
    let out = test.empty(rows: 4, columns: 1)
    test.backend.experts(
      test.activation([1, 1], rows: 2), experts, routing: routing, rows: 2,
      hidden: test.empty(rows: 4, columns: 1), into: out)
    let silu = 0.7310585786300049
    let expected = [2 * silu, 3 * silu, 3 * silu, 2 * silu]
    #expect(difference(test.backend.read(out, rows: 0..<4), expected) < 1e-6)
    // Weights σ(1) and 1 − σ(1): softmax of two logits that differ by 1.
    let x = test.activation([0, 0], rows: 2)
    test.backend.combine(out, routing: routing, rows: 2, addingTo: x)
    let sums = [silu * expected[0] + (1 - silu) * expected[1], silu * expected[2] + (1 - silu) * expected[3]]
    #expect(difference(test.backend.read(x, rows: 0..<2), sums) < 1e-6)
  }

  /// A load is an expert with at least one row, once a use, under its layer and phase; rows are counted by expert.
  @Test func loadsAndRowsAreCountedByLayerAndPhase() throws {
    let test = ReferenceHarness()
    let experts = try test.experts(
      gateUp: Array(repeating: [[1], [1]], count: 4), down: Array(repeating: [[1]], count: 4))
    let routing = test.backend.makeRouting(rows: 2, experts: 4, chosen: 1, layers: 2, label: "routing")
    let logits = test.activation([9, 0, 0, 0, 9, 0, 0, 0], rows: 2)
    func run(rows count: Int, layer: Int, _ phase: Phase) throws {
      try test.backend.route(
        logits: logits, rows: count, options: RouterOptions(renormalise: true, layer: layer, phase: phase),
        into: routing)
      test.backend.experts(
        test.activation([1, 1], rows: 2), experts, routing: routing, rows: count,
        hidden: test.empty(rows: 2, columns: 1), into: test.empty(rows: 2, columns: 1))
    }
    try run(rows: 2, layer: 0, .prefill)
    try run(rows: 1, layer: 1, .decode)
    try run(rows: 1, layer: 1, .decode)
    try run(rows: 0, layer: 1, .decode)
    #expect(
      test.backend.readExpertLoads(routing) == [ExpertLoads(decode: 0, prefill: 1), ExpertLoads(decode: 2, prefill: 0)])
    #expect(test.backend.readExpertRows(routing) == [[2, 0, 0, 0], [2, 0, 0, 0]])
  }

  @Test func noRowsAreNoWork() throws {
    let test = ReferenceHarness()
    let routing = test.backend.makeRouting(rows: 1, experts: 1, chosen: 1, layers: 1, label: "routing")
    try test.backend.routeAll(rows: 0, into: routing)
    let out = test.empty(rows: 1, columns: 1)
    test.backend.experts(
      test.activation([1]), try test.experts(gateUp: [[[1], [1]]], down: [[[1]]]), routing: routing, rows: 0,
      hidden: test.empty(rows: 1, columns: 1), into: out)
    #expect(test.backend.read(out, rows: 0..<1)[0].isNaN)
  }

  /// GPT-OSS: gate 9 + 1 is brought to 7, up −9 − 1 to −7: 7 · σ(7 · 1.702) · (−7 + 1), halved by down, plus its bias.
  @Test func aClampedSwiGLUWithBiases() throws {
    let test = ReferenceHarness()
    let plain = try test.experts(gateUp: [[[9], [-9]]], down: [[[0.5]]])
    let experts = ExpertsSource(
      layer: 0, gateUp: plain.gateUp, down: plain.down, isDense: true,
      activation: .clampedSwiGLU(alpha: 1.702, limit: 7), biases: ExpertBiases(gateUp: [1, -1], down: [100]))
    let routing = test.backend.makeRouting(rows: 2, experts: 1, chosen: 1, layers: 1, label: "routing")
    test.backend.routeAll(rows: 2, gate: nil, into: routing)
    let out = test.empty(rows: 2, columns: 1)
    test.backend.experts(
      test.activation([1, .nan], rows: 2), experts, routing: routing, rows: 2, hidden: test.empty(rows: 2, columns: 1),
      into: out)
    let found = test.backend.read(out, rows: 0..<2)
    #expect(abs(Double(found[0]) - (100 - 21 / (1 + exp(-7 * 1.702)))) < 1e-4)
    #expect(found[1].isNaN)
  }
}
