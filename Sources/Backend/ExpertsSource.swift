/// One layer's experts in a checkpoint: of each the gated and the down projection.
package struct ExpertsSource: Sendable {
  package let layer: Int
  /// Kind gated, [2 · intermediate, columns] for each expert.
  package let gateUp: MatrixSource
  /// [columns, intermediate] for each expert.
  package let down: MatrixSource
  /// The layer has one expert, which every row meets, and no router.
  package let isDense: Bool

  package init(layer: Int, gateUp: MatrixSource, down: MatrixSource, isDense: Bool) {
    precondition(gateUp.kind == .gated && down.kind == .plain && gateUp.expertCount == down.expertCount)
    self.layer = layer
    self.gateUp = gateUp
    self.down = down
    self.isDense = isDense
  }

  package var expertCount: Int { gateUp.expertCount }
}
