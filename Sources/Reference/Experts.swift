import Backend
import Foundation

extension ReferenceBackend {
  package func experts(
    _ x: Activation, gateUp: Matrix, down: Matrix, routing: Routing, rows: Int, hidden: Activation,
    into out: Activation
  ) {
    let intermediate = gateUp.source.rows / 2
    for (expert, slots) in routing.slots.enumerated() where !slots.isEmpty {
      for n in 0..<intermediate {
        let gate = WeightRow(gateUp.source, expert: expert, row: n)
        let up = WeightRow(gateUp.source, expert: expert, row: intermediate + n)
        for slot in slots {
          let row = x.row(slot / routing.chosen)
          hidden.row(slot)[n] = Float(Self.silu(gate.dot(row)) * up.dot(row))
        }
      }
      for n in 0..<down.source.rows {
        let weights = WeightRow(down.source, expert: expert, row: n)
        for slot in slots { out.row(slot)[n] = Float(weights.dot(hidden.row(slot))) }
      }
    }
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

  /// x · σ(x).
  static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
}
