package import Backend

/// Heads and attention, then a product of what they make with weights in blocks or in bf16: attention may make its output in
/// activations of eight bits, or in bf16, too.
///
/// The values of a sequence are one vector, times a number of each position, so that attention's output is that vector times
/// a mean: its codes depend on the last bits of no softmax, as those of `NormThenProductCase`. Before weights in bf16 the vector
/// is of integers, and the number is 1.
package struct AttentionThenProductCase: OpCase {
  var queryHeads: Int
  var keyValueHeads: Int
  var headSize: Int
  /// As those of `AttentionCase`.
  var sequences: [Range<Int>]
  var format: ElementFormat
  let features = 37

  package var family: String { "Attention" }
  package var name: String {
    "heads=\(queryHeads)/\(keyValueHeads)×\(headSize) positions=\(sequences.map { "\($0)" }.joined(separator: ","))"
      + " then product N=\(features) \(format.name)"
  }
  package var formats: Set<ElementFormat> { [format] }
  package var rows: Int { sequences.reduce(0) { $0 + $1.count } }
  package var bound: Double { 1e-5 }

  static var all: [any OpCase] {
    // Rows that are their sequences' only ones, whose heads may be prepared by what attends, and others.
    let batches: [[Range<Int>]] = [[0..<1, 17..<18, 64..<65, 130..<131], [0..<40, 5..<6, 60..<69]]
    return batches.flatMap { sequences in
      [(8, 4, 32, ElementFormat.q80), (8, 2, 64, .q6K), (2, 2, 128, .q41), (8, 4, 32, .bf16)].map {
        AttentionThenProductCase(
          queryHeads: $0.0, keyValueHeads: $0.1, headSize: $0.2, sequences: sequences, format: $0.3)
      }
    }
  }

  private var shape: AttentionShape {
    AttentionShape(
      queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: headSize, scale: 1 / Float(headSize).squareRoot())
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(19, headSize)
    let cached = CachedSequences(rows: sequences)
    let cacheShape = KVCacheShape(
      blockCount: cached.blockCount, blockSize: CachedSequences.blockSize, heads: keyValueHeads, headSize: headSize)
    let cache = try backend.makeKVCache(cacheShape, label: "case")
    let positions = sequences.map(\.upperBound).max() ?? 1
    let heads = HeadOptions<B.Vector>(
      shape: shape, queryNorm: nil, keyNorm: nil, epsilon: 0,
      rotary: try backend.loadVector((0..<positions).flatMap { _ in random.floats(headSize) }, label: "rotary"))
    let tensor = randomTensor("weight", format, rows: features, columns: shape.outputColumns, &random)

    func inputs(_ wanted: [(sequence: Int, positions: Range<Int>)]) throws -> (B.Batch, B.Activation, Int) {
      try cached.batch(backend, wanted, cache: cacheShape, columns: shape.qkvColumns, row: row)
    }
    let wanted = cached.positions(of: rows)
    let before = try inputs(wanted.map { ($0.sequence, 0..<$0.positions.lowerBound) })
    try backend.prepareHeads(before.1, heads, batch: before.0, rows: before.2, cache: cache)
    let (batch, qkv, count) = try inputs(wanted)
    return try backend.thenProduct(rows: count, columns: shape.outputColumns, tensor) {
      try backend.attend(qkv, heads, sinks: nil, batch: batch, rows: count, cache: cache, into: $0)
    }
  }

  private func row(_ sequence: Int, _ position: Int) -> [Float] {
    var shared = CaseRandom(20, headSize, sequence)
    var own = CaseRandom(21, sequence, position)
    let count = keyValueHeads * headSize, size = 1 + own.float() / 2
    let values =
      format == .bf16
      ? (0..<count).map { _ in Float(shared.int(-127...127)) } : shared.codes(count).map { $0 * size }
    return own.floats((queryHeads + keyValueHeads) * headSize) + values
  }
}
