package import Backend
import Foundation

extension ReferenceBackend {
  package func experts(
    _ x: Activation, _ experts: ExpertsSource, routing: Routing, rows: Int, hidden: Activation, into out: Activation
  ) {
    let (gateUp, down) = (experts.gateUp, experts.down)
    let intermediate = gateUp.rows / 2
    count(routing)
    let x = rounded(x, rows: Array(0..<rows), activations.form(for: gateUp.format))
    for (expert, slots) in routing.slots.enumerated() where !slots.isEmpty {
      for n in 0..<intermediate {
        let gate = WeightRow(gateUp, expert: expert, row: n)
        let up = WeightRow(gateUp, expert: expert, row: intermediate + n)
        for slot in slots {
          let row = x.row(slot / routing.chosen)
          let g = gate.dot(row) + bias(experts.biases?.gateUp, expert * gateUp.rows + n)
          let u = up.dot(row) + bias(experts.biases?.gateUp, expert * gateUp.rows + intermediate + n)
          hidden.row(slot)[n] = Float(Self.activate(g, u, experts.activation))
        }
      }
      let middle = rounded(hidden, rows: slots, activations.form(for: down.format))
      for n in 0..<down.rows {
        let weights = WeightRow(down, expert: expert, row: n)
        let bias = bias(experts.biases?.down, expert * down.rows + n)
        for slot in slots { out.row(slot)[n] = Float(weights.dot(middle.row(slot)) + bias) }
      }
    }
  }

  private func bias(_ values: [Float]?, _ index: Int) -> Double { values.map { Double($0[index]) } ?? 0 }

  /// Adds a use to the counts: of a layer's experts those that have rows.
  private func count(_ routing: Routing) {
    guard let options = routing.counted else { return }
    let distinct = routing.slots.count { !$0.isEmpty }
    switch options.phase {
    case .decode: routing.loads[options.layer].decode += distinct
    case .prefill: routing.loads[options.layer].prefill += distinct
    }
    for (expert, slots) in routing.slots.enumerated() { routing.uses[options.layer][expert] += slots.count }
  }

  package func combine(_ expertOut: Activation, routing: Routing, rows: Int, addingTo x: Activation) {
    for row in 0..<rows {
      for column in 0..<x.columns {
        var sum = Double(x.row(row)[column])
        for slot in row * routing.chosen..<(row + 1) * routing.chosen {
          sum += Double(routing.weights[slot]) * Double(expertOut.row(slot)[column])
        }
        x.row(row)[column] = Float(sum)
      }
    }
  }

  private static func activate(_ gate: Double, _ up: Double, _ activation: ExpertActivation) -> Double {
    switch activation {
    case .swiglu: return gate * sigmoid(gate) * up
    case .clampedSwiGLU(let alpha, let limit):
      let most = Double(limit)
      let gate = gate > most ? most : gate
      return gate * sigmoid(Double(alpha) * gate) * (clamp(up, -most, most) + 1)
    }
  }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
