/// One iteration of a run: what it ran, how long it took, and its own account of bytes.
package struct IterationRecord: Sendable, Equatable, Encodable {
  /// Prompt tokens, and the layers that they passed.
  package struct Tile: Sendable, Equatable, Encodable {
    package var tokens: Int
    package var firstLayer: Int
    package var layerCount: Int
  }

  /// Seconds on the run's clock, and from beginning to end.
  package var began: Double
  package var seconds: Double
  package var decodeRows: Int
  package var tiles: [Tile]
  /// Of all layers together, and outside of them.
  package var account: Ledger.Entry

  package init(began: Double, seconds: Double, plan: IterationPlan, account: Ledger.Entry) {
    self.began = began
    self.seconds = seconds
    decodeRows = plan.decode.count
    tiles = plan.prefill.map {
      Tile(tokens: $0.tokenCount, firstLayer: $0.layers.lowerBound, layerCount: $0.layers.count)
    }
    self.account = account
  }
}
