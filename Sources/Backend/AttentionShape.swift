/// Grouped-query attention: query head h reads key-value head h / (queryHeads / keyValueHeads).
package struct AttentionShape: Sendable, Equatable {
  package var queryHeads: Int
  package var keyValueHeads: Int
  /// Of queries and keys.
  package var headSize: Int
  /// The values are the first so many elements of the keys, which alone are kept: multi-head latent attention in its
  /// absorbed form (DeepSeek-AI 2024). Nil: there are values of their own, of `headSize`.
  package var valuePrefix: Int?
  /// Multiplies the scores, usually 1 / sqrt(headSize).
  package var scale: Float
  /// A row sees its own position and so many less one before it; nil for all.
  package var window: Int?

  package init(
    queryHeads: Int, keyValueHeads: Int, headSize: Int, scale: Float, valuePrefix: Int? = nil, window: Int? = nil
  ) {
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.headSize = headSize
    self.valuePrefix = valuePrefix
    self.scale = scale
    self.window = window
  }

  package var valueSize: Int { valuePrefix ?? headSize }
  /// Elements that a position has in the cache.
  package var cacheColumns: Int { keyValueHeads * headSize * (valuePrefix == nil ? 2 : 1) }
  /// Columns of a row of queries, keys and values.
  package var qkvColumns: Int { queryColumns + cacheColumns }
  package var queryColumns: Int { queryHeads * headSize }
  /// Columns of a row of results.
  package var outputColumns: Int { queryHeads * valueSize }

  /// The first position that a row at `position` sees.
  package func firstVisible(from position: Int) -> Int { window.map { max(0, position - $0 + 1) } ?? 0 }
}
