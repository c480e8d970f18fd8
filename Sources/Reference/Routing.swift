package import Backend

extension ReferenceBackend {
  package func route(
    logits: Activation, rows: Int, options: RouterOptions, correction: Vector?, into routing: Routing
  ) {
    let chosen = routing.chosen
    let rule = options.rule
    for row in 0..<rows {
      let logits = Array(logits.row(row).prefix(routing.experts))
      let scores = Self.scores(logits, rule.scoring)
      let corrected = zip(scores, correction?.values ?? Array(repeating: 0, count: scores.count)).map(+)
      let keys = Self.masked(corrected, rule.groups)
      let best = Self.order(keys).prefix(chosen)
      let weights =
        rule.scoring == .chosenSoftmax
        ? Self.softmax(best.map { Double(scores[$0]) }) : best.map { Double(scores[$0]) }
      let sum = rule.renormalise ? weights.reduce(rule.scoring == .sigmoid ? 1e-20 : 0, +) : 1
      for (j, expert) in best.enumerated() {
        routing.indices[row * chosen + j] = Int32(expert)
        routing.weights[row * chosen + j] = Float(Double(rule.scale) * weights[j] / sum)
      }
    }
    Self.group(rows: rows, routing)
    routing.counted = options
  }

  /// Rounded to f32 before the choice, as kernels and Hugging Face do, so that ties are the same ties.
  private static func scores(_ logits: [Float], _ scoring: RouterRule.Scoring) -> [Float] {
    switch scoring {
    case .softmax: softmax(logits.map(Double.init)).map(Float.init)
    case .chosenSoftmax: logits
    case .sigmoid: logits.map { Float(sigmoid(Double($0))) }
    }
  }

  /// What experts are ordered by: −∞ for those of groups that are not kept.
  private static func masked(_ scores: [Float], _ groups: RouterRule.Groups?) -> [Float] {
    guard let groups else { return scores }
    let size = scores.count / groups.count
    let ofGroups = (0..<groups.count).map { group in
      order(Array(scores[group * size..<(group + 1) * size])).prefix(groups.best)
        .reduce(Float(0)) { $0 + scores[group * size + $1] }
    }
    let kept = Set(order(ofGroups).prefix(groups.kept))
    // Also an expert of −∞ comes before those of groups that are not kept.
    return scores.indices.map { kept.contains($0 / size) ? max(scores[$0], -.greatestFiniteMagnitude) : -.infinity }
  }

  /// Indices, the largest value first; of equal ones the lower index, and NaN behind all numbers.
  private static func order(_ keys: [Float]) -> [Int] {
    keys.indices.sorted { a, b in
      if keys[a].isNaN || keys[b].isNaN { return keys[a].isNaN == keys[b].isNaN ? a < b : keys[b].isNaN }
      return keys[a] != keys[b] ? keys[a] > keys[b] : a < b
    }
  }

  package func choose(_ indices: [Int32], weights: [Float], options: RouterOptions?, into routing: Routing) {
    routing.indices.replaceSubrange(indices.indices, with: indices)
    routing.weights.replaceSubrange(weights.indices, with: weights)
    Self.group(rows: indices.count / routing.chosen, routing)
    routing.counted = options
  }

  package func routeAll(rows: Int, gate: Activation?, into routing: Routing) {
    for row in 0..<rows {
      routing.indices[row] = 0
      routing.weights[row] = gate.map { Float(Self.sigmoid(Double($0.row(row)[0]))) } ?? 1
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
