/// What `prepareHeads` does to queries, keys and values, in this order: norm, clipping, rotary embedding.
package struct HeadOptions<Vector> {
  /// What an RMS norm is taken over.
  package enum NormScope: Sendable, Equatable {
    /// Each head by itself; weights [headSize].
    case head
    /// All heads of queries, and all of keys, together; weights [heads · headSize].
    case allHeads
    /// The first so many elements of each head; weights of that many. The others stay.
    case prefix(Int)
  }

  /// Which elements a rotation turns together.
  package enum RotaryPairs: Sendable, Equatable {
    /// i and i + half.
    case halves
    /// 2i and 2i + 1.
    case neighbours
  }

  package var shape: AttentionShape
  /// As the scope says, or nil for no norm.
  package var queryNorm: Vector?
  package var keyNorm: Vector?
  package var normScope: NormScope
  package var epsilon: Float
  /// Queries, keys and values are brought into [−clip, clip].
  package var clip: Float?
  /// [positions, columns]: for each position half as many cosines as there are rotated columns, then as many sines.
  package var rotary: Vector
  /// Elements of a head that are rotated.
  package var rotaryColumns: Range<Int>
  package var rotaryPairs: RotaryPairs

  package init(
    shape: AttentionShape, queryNorm: Vector?, keyNorm: Vector?, normScope: NormScope = .head, epsilon: Float,
    clip: Float? = nil, rotary: Vector, rotaryColumns: Range<Int>? = nil, rotaryPairs: RotaryPairs = .halves
  ) {
    self.shape = shape
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.normScope = normScope
    self.epsilon = epsilon
    self.clip = clip
    self.rotary = rotary
    self.rotaryColumns = rotaryColumns ?? 0..<shape.headSize
    self.rotaryPairs = rotaryPairs
  }
}
