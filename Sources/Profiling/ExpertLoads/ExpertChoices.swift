/// Which experts a model's routers chose for the tokens of a text.
package struct ExpertChoices: Sendable, Equatable {
  /// Which text, for a person.
  package var source: String
  package var experts: Int
  package var chosen: Int
  /// For each layer [rows, chosen], best first; empty for a dense layer.
  package var layers: [[Int32]]

  package init(source: String, experts: Int, chosen: Int, layers: [[Int32]]) {
    self.source = source
    self.experts = experts
    self.chosen = chosen
    self.layers = layers
  }

  /// Those of layers with experts.
  package var sparse: [[Int32]] { layers.filter { !$0.isEmpty } }
  package var rows: Int { (sparse.first?.count ?? 0) / max(chosen, 1) }

  /// Logits [count, experts] with which a router chooses as a layer did for `count` tokens from `start` on.
  func logits(_ layer: [Int32], from start: Int, count: Int) -> [Float] {
    var logits = [Float](repeating: -100, count: count * experts)
    for row in 0..<count {
      for rank in 0..<chosen {
        logits[row * experts + Int(layer[(start + row) * chosen + rank])] = Float(chosen - rank)
      }
    }
    return logits
  }
}
