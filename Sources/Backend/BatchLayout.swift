/// The rows of one iteration: which token each row is, where it stands in its sequence, and where its keys and values go.
///
/// Decode rows come first, prefill rows behind them. An op that is given `rows` works on the first `rows` rows, so a
/// layer outside the prefill tile runs on the decode rows of the very same batch. Every op computes a row without
/// looking at its batch mates; only attention looks at other rows, those of the same sequence through the KV cache.
package struct BatchLayout: Sendable, Equatable {
  /// Consecutive rows that are consecutive positions of one sequence. A decode row is a run of one.
  package struct Run: Sendable, Equatable {
    /// Rows of the batch.
    package var rows: Range<Int>
    /// Position in its sequence of the run's first row, from 0.
    package var firstPosition: Int
    /// The KV blocks of the sequence, in order: position p lives in block `blocks[p / blockSize]`, slot `p % blockSize`.
    package var blocks: [Int32]

    package init(rows: Range<Int>, firstPosition: Int, blocks: [Int32]) {
      self.rows = rows
      self.firstPosition = firstPosition
      self.blocks = blocks
    }
  }

  /// The token of each row.
  package private(set) var tokens: [Int32] = []
  /// The runs, in the order of their rows, without gaps.
  package private(set) var runs: [Run] = []

  package init() {}

  package var rowCount: Int { tokens.count }

  /// Appends `tokens`, which are positions `firstPosition…` of the sequence whose KV blocks are `blocks`.
  package mutating func append(tokens new: some Collection<Int32>, firstPosition: Int, blocks: [Int32]) {
    let start = tokens.count
    tokens.append(contentsOf: new)
    guard tokens.count > start else { return }
    runs.append(Run(rows: start..<tokens.count, firstPosition: firstPosition, blocks: blocks))
  }

  /// The position of each row in its sequence.
  package var positions: [Int32] {
    runs.flatMap { run in run.rows.indices.map { Int32(run.firstPosition + $0 - run.rows.lowerBound) } }
  }

  /// Checks what ops rely on.
  /// - Throws: `BackendError` that names the row or run: a token outside the vocabulary, a block that is missing or
  ///   outside the cache, a negative position.
  package func validate(vocabulary: Int, cache: KVCacheShape) throws(BackendError) {
    for (row, token) in tokens.enumerated() where token < 0 || Int(token) >= vocabulary {
      throw BackendError("batch row \(row): token id \(token) is outside the vocabulary of \(vocabulary)")
    }
    for (index, run) in runs.enumerated() {
      let last = run.firstPosition + run.rows.count - 1
      guard run.firstPosition >= 0, last / cache.blockSize < run.blocks.count else {
        throw BackendError(
          "batch run \(index): positions \(run.firstPosition)…\(last) need \(last / cache.blockSize + 1) KV blocks of "
            + "\(cache.blockSize), but it has \(run.blocks.count)")
      }
      for block in run.blocks where block < 0 || Int(block) >= cache.blockCount {
        throw BackendError("batch run \(index): KV block \(block) is not one of the cache's \(cache.blockCount)")
      }
    }
  }
}

/// The shape of one layer's paged KV cache.
package struct KVCacheShape: Sendable, Equatable {
  package var blockCount: Int
  /// Positions in a block.
  package var blockSize: Int
  /// Key-value heads.
  package var heads: Int
  package var headSize: Int
  /// Whether there are values besides the keys.
  package var hasValues: Bool

  package init(blockCount: Int, blockSize: Int, heads: Int, headSize: Int, hasValues: Bool = true) {
    self.blockCount = blockCount
    self.blockSize = blockSize
    self.heads = heads
    self.headSize = headSize
    self.hasValues = hasValues
  }

  /// Elements of the keys, and as many of the values.
  package var elementCount: Int { blockCount * blockSize * heads * headSize }
  /// Bytes of keys and values, both f32.
  package var byteCount: Int { (hasValues ? 2 : 1) * 4 * elementCount }
}
