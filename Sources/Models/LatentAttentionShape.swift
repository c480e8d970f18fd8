package import Backend

/// Multi-head latent attention (DeepSeek-AI 2024): keys and values come from one vector of `rank` elements a position, and a
/// rotated key of `rotarySize` that all heads share; these alone are kept.
package struct LatentAttentionShape: Sendable, Equatable {
  package var heads: Int
  /// Elements between the two projections of queries; nil for one projection.
  package var queryRank: Int?
  package var rank: Int
  /// Elements of a head's query and key that are not rotated, and those that are.
  package var plainSize: Int
  package var rotarySize: Int
  package var valueSize: Int

  /// Columns of the queries of all heads, and of the values.
  package var queryColumns: Int { heads * querySize }
  package var valueColumns: Int { heads * valueSize }
  package var querySize: Int { plainSize + rotarySize }

  /// The same attention on the compressed positions: queries are brought to the rank of the keys, and values are a part of
  /// these.
  package func absorbed(scale: Float) -> AttentionShape {
    AttentionShape(
      queryHeads: heads, keyValueHeads: 1, headSize: rank + rotarySize, scale: scale, valuePrefix: rank)
  }
}
