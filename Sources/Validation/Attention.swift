package import Backend

/// Norm, rotary embedding, cache and attention of a batch of several sequences, over shuffled KV blocks.
///
/// The sequences' earlier positions are in the cache before; a part of the batch is some of its rows.
package struct AttentionCase: OpCase {
  var queryHeads: Int
  var keyValueHeads: Int
  var headSize: Int
  var hasNorm: Bool
  /// For each sequence, the positions that are rows of the batch; those before are in the cache.
  var sequences: [Range<Int>]
  /// A position of every sequence whose value is NaN: it must not reach the rows before it.
  var nanPosition: Int?
  var window: Int?
  var hasSinks = false
  /// Norms over all heads of queries and of keys, and values clipped.
  var isWide = false
  /// Latent attention: values are the first so many elements of a key, which alone has a norm, and the rest is rotated by
  /// neighbours.
  var valuePrefix: Int?
  var extreme: Extreme?
  /// Keys and values are everywhere in the cache, and what lies behind the rows and in a block of another sequence is read
  /// when they are done: it must have stayed.
  var hasNeighbours = false

  package var family: String { "Attention" }
  package var name: String {
    "heads=\(queryHeads)/\(keyValueHeads)×\(headSize)\(hasNorm ? " norm" : "")\(isWide ? " wide clip" : "")"
      + (window.map { " window=\($0)" } ?? "") + (hasSinks ? " sinks" : "")
      + (valuePrefix.map { " latent=\($0)" } ?? "") + " positions="
      + (sequences.isEmpty ? "none" : sequences.map { "\($0)" }.joined(separator: ","))
      + (nanPosition.map { " NaN at \($0)" } ?? "") + (extreme.map { " \($0.rawValue)" } ?? "")
      + (hasNeighbours ? " neighbours" : "")
  }
  package var rows: Int { sequences.reduce(0) { $0 + $1.count } }
  /// Softmax weights: exp of the device within 3 ulp (OpenCL C 1.2, table 7.1). Sums over 32768 positions are within a third of it.
  package var bound: Double { 1e-5 }

  var shape: AttentionShape {
    AttentionShape(
      queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: headSize, scale: 1 / Float(headSize).squareRoot(),
      valuePrefix: valuePrefix, window: window)
  }

  private func heads<B: Backend>(
    _ backend: B, positions: Int, _ random: inout CaseRandom
  ) throws -> HeadOptions<B.Vector> {
    let normSize = valuePrefix ?? headSize
    let hasQueryNorm = hasNorm && valuePrefix == nil
    let rotated = (valuePrefix ?? 0)..<headSize
    return HeadOptions(
      shape: shape,
      queryNorm: hasQueryNorm
        ? try backend.loadVector(random.floats(normSize * (isWide ? queryHeads : 1)), label: "query norm") : nil,
      keyNorm: hasNorm
        ? try backend.loadVector(random.floats(normSize * (isWide ? keyValueHeads : 1)), label: "key norm") : nil,
      normScope: isWide ? .allHeads : valuePrefix.map { .prefix($0) } ?? .head, epsilon: 0.1,
      clip: isWide ? 0.75 : nil,
      rotary: try backend.loadVector(
        (0..<positions).flatMap { _ in random.floats(rotated.count) }, label: "rotary"),
      rotaryColumns: rotated, rotaryPairs: valuePrefix == nil ? .halves : .neighbours)
  }

  private var cachedSequences: CachedSequences {
    guard hasNeighbours else { return CachedSequences(rows: sequences) }
    // Behind the others one of a block, none of whose positions is a row.
    let end = CachedSequences.blockSize
    return CachedSequences(rows: sequences + [end..<end], spareBlocks: 0)
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(8, headSize)
    let cached = cachedSequences
    let cacheShape = KVCacheShape(
      blockCount: cached.blockCount, blockSize: CachedSequences.blockSize, heads: keyValueHeads, headSize: headSize,
      hasValues: valuePrefix == nil)
    let cache = try backend.makeKVCache(cacheShape, label: "case")
    let blocks = sequences.indices.map { cached.blocks(of: $0) }.max() ?? 1
    let heads = try heads(backend, positions: blocks * CachedSequences.blockSize, &random)
    let sinks = hasSinks ? try backend.loadVector(random.floats(queryHeads, scale: 3), label: "sinks") : nil

    func inputs(_ wanted: [(sequence: Int, positions: Range<Int>)]) throws -> (B.Batch, B.Activation, Int) {
      try cached.batch(backend, wanted, cache: cacheShape, columns: shape.qkvColumns, row: row)
    }
    let wanted = cached.positions(of: rows)
    // What a part of the batch finds in the cache: everything before its own rows, or all but those.
    let before =
      try hasNeighbours
      ? cached.filled(backend, but: wanted, cache: cacheShape, columns: shape.qkvColumns, row: row)
      : inputs(wanted.map { ($0.sequence, 0..<$0.positions.lowerBound) })
    try backend.prepareHeads(before.1, heads, batch: before.0, rows: before.2, cache: cache)
    let (batch, qkv, count) = try inputs(wanted)
    let out = try backend.activation(rows: count, columns: shape.outputColumns)
    try backend.attend(qkv, heads, sinks: sinks, batch: batch, rows: count, cache: cache, into: out)
    var result = try backend.result(out, rows: count, columns: shape.outputColumns)
    result.isContained =
      try result.isContained && backend.leavesGuards(qkv, rows: count, columns: shape.qkvColumns)
    for layout in hasNeighbours ? cached.neighbours(of: wanted) : [] {
      let batch = try backend.prepare(layout, vocabulary: 1, cache: cacheShape)
      let seen = try backend.activation(rows: count, columns: shape.outputColumns)
      try backend.attention(qkv, shape: shape, sinks: sinks, batch: batch, rows: count, cache: cache, into: seen)
      result.add(try backend.result(seen, rows: count, columns: shape.outputColumns))
    }
    return result
  }

  /// Queries, keys and values of a position.
  private func row(_ sequence: Int, _ position: Int) -> [Float] {
    var random = CaseRandom(9, sequence, position)
    var row = random.floats(shape.qkvColumns, scale: 2)
    if let extreme { row = extreme.apply(to: row) }
    // In the last value, or in a latent, which is all of a value.
    if position == nanPosition { row[valuePrefix == nil ? row.count - 1 : queryHeads * headSize] = .nan }
    return row
  }
}
