/// One layer's experts in a checkpoint: of each the gated and the down projection.
package struct ExpertsSource: Sendable {
  package let layer: Int
  /// Kind gated, [2 · intermediate, columns] for each expert.
  package let gateUp: MatrixSource
  /// [columns, intermediate] for each expert.
  package let down: MatrixSource
  /// The layer has one expert, which every row meets, and no router.
  package let isDense: Bool
  package let activation: ExpertActivation
  /// What the products' features get added, or nil.
  package let biases: ExpertBiases?

  package init(
    layer: Int, gateUp: MatrixSource, down: MatrixSource, isDense: Bool, activation: ExpertActivation = .swiglu,
    biases: ExpertBiases? = nil
  ) {
    precondition(gateUp.kind == .gated && down.kind == .plain && gateUp.expertCount == down.expertCount)
    if let biases {
      precondition(biases.gateUp.count == gateUp.expertCount * gateUp.rows)
      precondition(biases.down.count == down.expertCount * down.rows)
    }
    self.layer = layer
    self.gateUp = gateUp
    self.down = down
    self.isDense = isDense
    self.activation = activation
    self.biases = biases
  }

  package var expertCount: Int { gateUp.expertCount }
}

/// The biases of a layer's experts.
package struct ExpertBiases: Sendable {
  /// [experts, 2 · intermediate]: of each expert those of the gate, then those of the up projection.
  package let gateUp: [Float]
  /// [experts, columns]
  package let down: [Float]

  package init(gateUp: [Float], down: [Float]) {
    self.gateUp = gateUp
    self.down = down
  }
}
