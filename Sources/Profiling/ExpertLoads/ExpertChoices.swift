/// Which experts a model's routers chose for the tokens of a text.
package struct ExpertChoices: Sendable, Equatable {
  /// Which text, for a person.
  package var source: String
  package var experts: Int
  package var chosen: Int
  /// For each layer with experts [rows, chosen], best first.
  package var layers: [[Int32]]

  package init(source: String, experts: Int, chosen: Int, layers: [[Int32]]) {
    self.source = source
    self.experts = experts
    self.chosen = chosen
    self.layers = layers
  }

  package var rows: Int { (layers.first?.count ?? 0) / max(chosen, 1) }

  /// Logits [count, experts] with which a router chooses the same for `count` tokens from `start` on.
  func logits(layer: Int, from start: Int, count: Int) -> [Float] {
    var logits = [Float](repeating: -100, count: count * experts)
    for row in 0..<count {
      for rank in 0..<chosen {
        logits[row * experts + Int(layers[layer][(start + row) * chosen + rank])] = Float(chosen - rank)
      }
    }
    return logits
  }
}
