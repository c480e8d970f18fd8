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

  package var family: String { "Attention" }
  package var name: String {
    "heads=\(queryHeads)/\(keyValueHeads)×\(headSize)\(hasNorm ? " norm" : "")\(isWide ? " wide clip" : "")"
      + (window.map { " window=\($0)" } ?? "") + (hasSinks ? " sinks" : "")
      + (valuePrefix.map { " latent=\($0)" } ?? "") + " positions="
      + (sequences.isEmpty ? "none" : sequences.map { "\($0)" }.joined(separator: ","))
      + (nanPosition.map { " NaN at \($0)" } ?? "") + (extreme.map { " \($0.rawValue)" } ?? "")
  }
  package var rows: Int { sequences.reduce(0) { $0 + $1.count } }
  /// Softmax weights of up to 200 positions: exp of the device within 3 ulp (OpenCL C 1.2, table 7.1).
  package var bound: Double { 1e-5 }

  static var all: [any OpCase] {
    let decode = [0, 1, 15, 16, 17, 62, 63, 64, 65, 127, 128, 200].map { $0..<$0 + 1 }
    let mixed = [5..<6, 70..<71, 0..<7, 0..<33, 60..<69, 64..<80]
    let batches: [[Range<Int>]] = [[], [0..<1], decode, mixed, [0..<130], [120..<137]]
    // Several times as long as what a kernel takes at once.
    let long = [(4, 1, 64), (8, 2, 128)].map {
      AttentionCase(
        queryHeads: $0.0, keyValueHeads: $0.1, headSize: $0.2, hasNorm: true,
        sequences: [700..<701, 255..<256, 256..<257, 500..<530, 1030..<1033])
    }
    let heads = [(1, 1, 2), (4, 2, 32), (6, 2, 32), (8, 8, 64), (4, 1, 80), (8, 2, 128)]
    let cases = heads.enumerated().flatMap { index, shape in
      batches.map {
        AttentionCase(
          queryHeads: shape.0, keyValueHeads: shape.1, headSize: shape.2, hasNorm: index % 2 == 0, sequences: $0)
      }
    }
    // In the middle of a tile of rows, at its ends, and behind a whole chunk of the context.
    let poisoned = [3, 7, 8, 64, 69].map {
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: true, sequences: [0..<80, 60..<75], nanPosition: $0)
    }
    let extremes = [(true, Extreme.large), (false, .large), (true, .denormals), (false, .denormals)].map {
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: $0.0, sequences: [0..<20, 60..<70], extreme: $0.1)
    }
    return cases + long + poisoned + windows + wide + latent + extremes
  }

  /// GPT-OSS: windows shorter and longer than a chunk and a tile, with a NaN that leaves the window.
  private static var windows: [any OpCase] {
    let sequences: [[Range<Int>]] = [[0..<130], [5..<6, 70..<71, 0..<33, 60..<69, 300..<317], [700..<701, 500..<530]]
    let shapes = [(1, true), (16, true), (17, false), (64, true), (100, false), (128, true)]
    return shapes.flatMap { window, hasSinks in
      sequences.map {
        AttentionCase(
          queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: false, sequences: $0, window: window,
          hasSinks: hasSinks)
      }
    } + [
      AttentionCase(
        queryHeads: 4, keyValueHeads: 1, headSize: 64, hasNorm: false, sequences: [0..<130, 200..<201], hasSinks: true),
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: false, sequences: [0..<80, 60..<75], nanPosition: 8,
        window: 16, hasSinks: true),
    ]
  }

  /// OLMoE.
  private static var wide: [any OpCase] {
    [(4, 2, 32), (3, 1, 20)].map {
      AttentionCase(
        queryHeads: $0.0, keyValueHeads: $0.1, headSize: $0.2, hasNorm: true, sequences: [0..<33, 5..<6, 60..<69],
        isWide: true)
    }
  }

  /// DeepSeek's, on compressed positions.
  private static var latent: [any OpCase] {
    let batches: [[Range<Int>]] = [
      [0..<1], [0..<130], [5..<6, 70..<71, 0..<33, 60..<69, 300..<301], [0..<1, 15..<16, 64..<65, 130..<131],
    ]
    return [(4, 64, 48), (3, 26, 20), (16, 320, 288)].flatMap { heads, size, prefix in
      batches.map {
        AttentionCase(
          queryHeads: heads, keyValueHeads: 1, headSize: size, hasNorm: true, sequences: $0, valuePrefix: prefix)
      }
    } + [
      AttentionCase(
        queryHeads: 4, keyValueHeads: 1, headSize: 40, hasNorm: true, sequences: [0..<80, 60..<75], nanPosition: 8,
        valuePrefix: 32)
    ]
  }

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

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(8, headSize)
    let cached = CachedSequences(rows: sequences)
    let cacheShape = KVCacheShape(
      blockCount: cached.blockCount, blockSize: CachedSequences.blockSize, heads: keyValueHeads, headSize: headSize,
      hasValues: valuePrefix == nil)
    let cache = try backend.makeKVCache(cacheShape, label: "case")
    let last = sequences.map(\.upperBound).max() ?? 1
    let heads = try heads(backend, positions: last, &random)
    let sinks = hasSinks ? try backend.loadVector(random.floats(queryHeads, scale: 3), label: "sinks") : nil

    func inputs(_ wanted: [(sequence: Int, positions: Range<Int>)]) throws -> (B.Batch, B.Activation, Int) {
      try cached.batch(backend, wanted, cache: cacheShape, columns: shape.qkvColumns, row: row)
    }
    // What a part of the batch finds in the cache: everything before its own rows.
    let wanted = cached.positions(of: rows)
    let before = try inputs(wanted.map { ($0.sequence, 0..<$0.positions.lowerBound) })
    try backend.prepareHeads(before.1, heads, batch: before.0, rows: before.2, cache: cache)
    let (batch, qkv, count) = try inputs(wanted)
    let out = try backend.activation(rows: count, columns: shape.outputColumns)
    try backend.attend(qkv, heads, sinks: sinks, batch: batch, rows: count, cache: cache, into: out)
    var result = try backend.result(out, rows: count, columns: shape.outputColumns)
    result.isContained =
      try result.isContained && backend.leavesGuards(qkv, rows: count, columns: shape.qkvColumns)
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
