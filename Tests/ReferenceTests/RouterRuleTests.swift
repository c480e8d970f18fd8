import Backend
import Foundation
import Reference
import Testing

/// The rules of GPT-OSS's and DeepSeek's routers, by hand.
struct RouterRuleTests {
  /// e^logit are 3, 1, 4, 2.
  private let logits: [Float] = [Float(log(3.0)), 0, Float(log(4.0)), Float(log(2.0))]

  private func route(
    _ logits: [Float], chosen: Int, _ rule: RouterRule, correction: [Float]? = nil
  ) throws -> (experts: [Int32], weights: [Float]) {
    let test = ReferenceHarness()
    let routing = test.backend.makeRouting(rows: 1, experts: logits.count, chosen: chosen, layers: 1, label: "routing")
    test.backend.route(
      logits: test.activation(logits), rows: 1, options: RouterOptions(rule: rule, layer: 0, phase: .prefill),
      correction: correction.map { test.backend.loadVector($0, label: "correction") }, into: routing)
    var units = [Float](repeating: 0, count: chosen * chosen)
    for slot in 0..<chosen { units[slot * chosen + slot] = 1 }
    let sums = test.activation([Float](repeating: 0, count: chosen))
    test.backend.combine(test.activation(units, rows: chosen), routing: routing, rows: 1, addingTo: sums)
    return (test.backend.readChoice(routing, rows: 0..<1), test.backend.read(sums, rows: 0..<1))
  }

  @Test func aSoftmaxOverTheChosen() throws {
    let (experts, weights) = try route(logits, chosen: 2, RouterRule(scoring: .chosenSoftmax, renormalise: false))
    #expect(experts == [2, 0])
    #expect(difference(weights, [4.0 / 7, 3.0 / 7]) < 1e-7)
  }

  /// Logits whose probabilities are the same number in f32 are not a tie.
  @Test func theChoiceIsByLogits() throws {
    let rule = RouterRule(scoring: .chosenSoftmax, renormalise: false)
    #expect(try route([-200, -199, 0, -201], chosen: 2, rule).experts == [2, 1])
  }

  /// σ(log 3) = 3/4, σ(0) = 1/2, σ(log 4) = 4/5, σ(log 2) = 2/3; the weights are divided by 5/4 and doubled.
  @Test func sigmoidsWithACorrectionForTheChoice() throws {
    let rule = RouterRule(scoring: .sigmoid, renormalise: true, scale: 2)
    let (experts, weights) = try route(logits, chosen: 2, rule, correction: [0, 1, 0, -1])
    #expect(experts == [1, 2])
    #expect(difference(weights, [2 * 0.5 / 1.3, 2 * 0.8 / 1.3]) < 1e-6)
  }

  /// Groups of two: the first has the largest score, the second the largest sum.
  @Test func onlyTheBestGroupsCanBeChosen() throws {
    let scores: [Float] = [5, -9, 3, 3, -9, 4]
    func rule(kept: Int, best: Int) -> RouterRule {
      RouterRule(
        scoring: .sigmoid, renormalise: false, groups: RouterRule.Groups(count: 3, kept: kept, best: best))
    }
    #expect(try route(scores, chosen: 2, rule(kept: 1, best: 1)).experts == [0, 1])
    #expect(try route(scores, chosen: 2, rule(kept: 1, best: 2)).experts == [2, 3])
    #expect(try route(scores, chosen: 3, rule(kept: 2, best: 1)).experts == [0, 5, 1])
    #expect(try route(scores, chosen: 2, rule(kept: 3, best: 1)).experts == [0, 5])
  }

  @Test func anExpertForAllRowsMayHaveAGate() throws {
    let test = ReferenceHarness()
    let routing = test.backend.makeRouting(rows: 2, experts: 1, chosen: 1, layers: 1, label: "routing")
    test.backend.routeAll(rows: 2, gate: test.activation([Float(log(3.0)), 0], rows: 2), into: routing)
    let sums = test.activation([0, 0], rows: 2)
    test.backend.combine(test.activation([1, 1], rows: 2), routing: routing, rows: 2, addingTo: sums)
    #expect(difference(test.backend.read(sums, rows: 0..<2), [0.75, 0.5]) < 1e-7)
  }
}
