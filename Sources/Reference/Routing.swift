package import Backend

extension ReferenceBackend {
  package func route(logits: Activation, rows: Int, options: RouterOptions, into routing: Routing) {
    let chosen = routing.chosen
    for row in 0..<rows {
      // Rounded to f32 before the choice, as kernels and Hugging Face do, so that ties are the same ties.
      let probabilities = Self.softmax(logits.row(row).prefix(routing.experts).map(Double.init)).map(Float.init)
      let order = probabilities.indices.sorted {
        probabilities[$0] != probabilities[$1] ? probabilities[$0] > probabilities[$1] : $0 < $1
      }
      let best = order.prefix(chosen)
      let sum = options.renormalise ? best.reduce(0.0) { $0 + Double(probabilities[$1]) } : 1
      for (j, expert) in best.enumerated() {
        routing.indices[row * chosen + j] = Int32(expert)
        routing.weights[row * chosen + j] = Float(Double(probabilities[expert]) / sum)
      }
    }
    Self.group(rows: rows, routing)
    routing.counted = options
  }

  package func routeAll(rows: Int, into routing: Routing) {
    for slot in 0..<rows * routing.chosen {
      routing.indices[slot] = 0
      routing.weights[slot] = 1
    }
    routing.counted = nil
    Self.group(rows: rows, routing)
  }

  /// Sorts the slots of the first `rows` rows by expert.
  private static func group(rows: Int, _ routing: Routing) {
    routing.slots = Array(repeating: [], count: routing.experts)
    for slot in 0..<rows * routing.chosen { routing.slots[Int(routing.indices[slot])].append(slot) }
  }
}
