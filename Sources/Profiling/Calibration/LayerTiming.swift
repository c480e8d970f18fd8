/// How long a layer took on the device for some rows, by parts.
package struct LayerTiming: Sendable, Equatable {
  /// Rows of different sequences, one token each, and the positions that they look back on, all together.
  package var decodeRows: Int
  package var decodePositions: Int
  /// Tokens of one prompt, from its first on.
  package var promptTokens: Int
  /// The share of the layer's experts that had a row.
  package var expertShare: Double
  /// Seconds on the device: products of experts; projections and router; attention itself.
  package var experts: Double
  package var dense: Double
  package var attention: Double
  /// Seconds of the whole layer by the host's clock, in a row of layers that nobody waits for in between.
  package var wall: Double
  /// Joules of the machine, where it can tell.
  package var joules: Double?

  package init(
    decodeRows: Int = 0, decodePositions: Int = 0, promptTokens: Int = 0, expertShare: Double, experts: Double,
    dense: Double, attention: Double, wall: Double, joules: Double? = nil
  ) {
    self.decodeRows = decodeRows
    self.decodePositions = decodePositions
    self.promptTokens = promptTokens
    self.expertShare = expertShare
    self.experts = experts
    self.dense = dense
    self.attention = attention
    self.wall = wall
    self.joules = joules
  }

  package var rows: Int { decodeRows + promptTokens }

  /// For a person.
  package var name: String {
    decodeRows > 0 ? "\(decodeRows) decode row\(decodeRows > 1 ? "s" : "")" : "prompt of \(promptTokens)"
  }
}

/// How long the LM head took for some rows.
package struct HeadTiming: Sendable, Equatable {
  package var rows: Int
  /// On the device.
  package var seconds: Double

  package init(rows: Int, seconds: Double) {
    self.rows = rows
    self.seconds = seconds
  }
}
