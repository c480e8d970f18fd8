import Backend

/// What a batch must leave alone in the cache. The last of the sequences has a block and no rows.
extension CachedSequences {
  /// A batch of every position that has a place, and its activation as that of `batch`; places of `rows` hold something else than
  /// they will.
  func filled<B: Backend>(
    _ backend: B, but rows: [(sequence: Int, positions: Range<Int>)], cache: KVCacheShape, columns: Int,
    row: (_ sequence: Int, _ position: Int) -> [Float]
  ) throws -> (batch: B.Batch, values: B.Activation, rows: Int) {
    let own = Dictionary(uniqueKeysWithValues: rows.map { ($0.sequence, $0.positions) })
    let all = self.rows.indices.map { ($0, 0..<blocks(of: $0) * Self.blockSize) }
    return try batch(backend, all, cache: cache, columns: columns) { sequence, position in
      row(own[sequence]?.contains(position) == true ? sequence + self.rows.count : sequence, position)
    }
  }

  /// For each of `rows` one at the end of its sequence's last block; then for each one at the end of the last sequence's.
  func neighbours(of rows: [(sequence: Int, positions: Range<Int>)]) -> [BatchLayout] {
    let sequences = rows.flatMap { rows in rows.positions.map { _ in rows.sequence } }
    return [sequences, sequences.map { _ in self.rows.count - 1 }].map { sequences in
      var layout = BatchLayout()
      for sequence in sequences {
        layout.append(
          tokens: [0], firstPosition: blocks(of: sequence) * Self.blockSize - 1, blocks: table(of: sequence))
      }
      return layout
    }
  }
}
