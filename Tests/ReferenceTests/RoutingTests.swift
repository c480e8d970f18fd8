import Backend
import Foundation
import Reference
import Testing

struct RoutingTests {
  /// Softmax of ln 1 … ln 4 is 0.1 … 0.4.
  private let logits: [Float] = [Float(log(3.0)), 0, Float(log(4.0)), Float(log(2.0))]

  /// The choice, and its weights as `combine` applies them: each slot's expert output is a unit vector.
  private func route(
    _ logits: [Float], rows: Int = 1, chosen: Int, renormalise: Bool
  ) throws -> (experts: [Int32], weights: [Float]) {
    let test = ReferenceHarness()
    let experts = logits.count / rows
    let routing = test.backend.makeRouting(rows: rows, experts: experts, chosen: chosen, layers: 1, label: "routing")
    try test.backend.route(
      logits: test.activation(logits, rows: rows), rows: rows,
      options: RouterOptions(renormalise: renormalise, layer: 0, phase: .prefill), into: routing)
    var units = [Float](repeating: 0, count: rows * chosen * chosen)
    for slot in 0..<rows * chosen { units[slot * chosen + slot % chosen] = 1 }
    let sums = test.activation([Float](repeating: 0, count: rows * chosen), rows: rows)
    test.backend.combine(test.activation(units, rows: rows * chosen), routing: routing, rows: rows, addingTo: sums)
    return (test.backend.readChoice(routing, rows: 0..<rows), test.backend.read(sums, rows: 0..<rows))
  }

  @Test func theMostProbableExpertsAreChosenBestFirst() throws {
    let (experts, weights) = try route(logits, chosen: 3, renormalise: false)
    #expect(experts == [2, 0, 3])
    #expect(difference(weights, [0.4, 0.3, 0.2]) < 1e-7)
  }

  @Test func renormalisedWeightsHaveTheSumOne() throws {
    let (experts, weights) = try route(logits, chosen: 2, renormalise: true)
    #expect(experts == [2, 0])
    #expect(difference(weights, [4.0 / 7, 3.0 / 7]) < 1e-7)
  }

  @Test func equalProbabilitiesGoToTheLowerExpert() throws {
    #expect(try route([1, 2, 2, 2], chosen: 2, renormalise: false).experts == [1, 2])
    #expect(try route([0, 0, 0, 0], chosen: 4, renormalise: true).experts == [0, 1, 2, 3])
  }

  @Test func largeLogitsDoNotOverflow() throws {
    let (experts, weights) = try route([1000, 1000, -1000], chosen: 2, renormalise: false)
    #expect(experts == [0, 1])
    #expect(difference(weights, [0.5, 0.5]) < 1e-7)
  }

  @Test func eachRowChoosesForItself() throws {
    let (experts, weights) = try route(logits + logits.reversed(), rows: 2, chosen: 1, renormalise: true)
    #expect(experts == [2, 1])
    #expect(difference(weights, [1, 1]) < 1e-7)
  }
}
