import Backend

/// Sequences of which some positions are rows of a batch, and how they lie in the KV cache.
struct CachedSequences {
  /// Positions of a KV block.
  static let blockSize = 16

  /// For each sequence, the positions that are rows of the batch, one sequence behind the other; those before are in the cache.
  let rows: [Range<Int>]
  /// Blocks that are nobody's.
  var spareBlocks = 1

  /// Blocks of the cache.
  var blockCount: Int { blocks(before: rows.count) }

  /// The sequences and positions that `part` of the batch's rows are.
  func positions(of part: Range<Int>) -> [(sequence: Int, positions: Range<Int>)] {
    var start = 0
    return rows.enumerated().compactMap { index, positions in
      defer { start += positions.count }
      let part = part.clamped(to: start..<start + positions.count)
      guard !part.isEmpty else { return nil }
      let first = positions.lowerBound + part.lowerBound - start
      return (index, first..<first + part.count)
    }
  }

  /// The blocks of a sequence, spread over the cache by a permutation.
  func table(of sequence: Int) -> [Int32] {
    (0..<blocks(of: sequence)).map { Int32(blockCount - 1 - (blocks(before: sequence) + $0) % blockCount) }
  }

  /// That hold the positions of a sequence.
  func blocks(of sequence: Int) -> Int { (rows[sequence].upperBound + Self.blockSize - 1) / Self.blockSize }

  private func blocks(before sequence: Int) -> Int { (0..<sequence).reduce(spareBlocks) { $0 + blocks(of: $1) } }
}

extension CachedSequences {
  /// A batch of some positions of sequences, and its activation: the values of each, `columns` of them, from `row`.
  func batch<B: Backend>(
    _ backend: B, _ wanted: [(sequence: Int, positions: Range<Int>)], cache: KVCacheShape, columns: Int,
    row: (_ sequence: Int, _ position: Int) -> [Float]
  ) throws -> (batch: B.Batch, values: B.Activation, rows: Int) {
    var layout = BatchLayout()
    var values: [Float] = []
    for (sequence, positions) in wanted where !positions.isEmpty {
      layout.append(tokens: positions.map { _ in 0 }, firstPosition: positions.lowerBound, blocks: table(of: sequence))
      for position in positions { values += row(sequence, position) }
    }
    let batch = try backend.prepare(layout, vocabulary: 1, cache: cache)
    return (batch, try backend.activation(rows: layout.rowCount, columns: columns, values), layout.rowCount)
  }
}
