package import Backend

/// Embedding, then rows picked and copied.
package struct EmbeddingCase: OpCase {
  package var rows: Int
  var columns: Int
  var vocabulary: Int
  var format: ElementFormat
  var scale: Float = 1
  var extreme: Extreme?

  package var family: String { "Embedding" }
  package var name: String {
    "rows=\(rows) K=\(columns) vocabulary=\(vocabulary) \(format.name)\(scale == 1 ? "" : " scale")"
      + (extreme.map { " \($0.rawValue)" } ?? "")
  }
  package var formats: Set<ElementFormat> { [format] }
  package var needsDenormals: Bool { Extreme.needsDenormals(extreme, format) }
  /// Nothing is computed but one product, which every device rounds alike.
  package var bound: Double { 0 }
  package var cancels: Bool { false }

  static var all: [any OpCase] {
    [
      EmbeddingCase(rows: 0, columns: 8, vocabulary: 3, format: .bf16),
      EmbeddingCase(rows: 1, columns: 1, vocabulary: 1, format: .bf16),
      EmbeddingCase(rows: 7, columns: 33, vocabulary: 70, format: .bf16),
      EmbeddingCase(rows: 33, columns: 192, vocabulary: 500, format: .bf16),
      EmbeddingCase(rows: 9, columns: 65, vocabulary: 31, format: .f32),
      EmbeddingCase(rows: 9, columns: 66, vocabulary: 97, format: .f16),
      EmbeddingCase(rows: 9, columns: 66, vocabulary: 97, format: .bf16, scale: 11.7),
    ]
      + ElementFormat.allCases.filter { $0.block != nil }.map {
        EmbeddingCase(rows: 9, columns: 2 * $0.blockElements, vocabulary: 97, format: $0)
      }
      + ElementFormat.weights.map {
        EmbeddingCase(rows: 5, columns: 256, vocabulary: 20, format: $0, extreme: .tinyWeights)
      }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(1, columns, vocabulary)
    let table = try backend.loadMatrix(
      MatrixSource(
        label: "table",
        parts: [
          [
            randomTensor(
              "table", format, rows: vocabulary, columns: columns, isTiny: extreme == .tinyWeights, &random)
          ]
        ]))
    let tokens = rows.map { row in
      var random = CaseRandom(2, row)
      return Int32(random.next() % UInt64(vocabulary))
    }
    var layout = BatchLayout()
    for token in tokens { layout.append(tokens: CollectionOfOne(token), firstPosition: 0, blocks: [0]) }
    let cache = KVCacheShape(blockCount: 1, blockSize: 16, heads: 1, headSize: 2)
    let batch = try backend.prepare(layout, vocabulary: vocabulary, cache: cache)
    let embedded = try backend.activation(rows: rows.count, columns: columns)
    try backend.embed(batch, rows: 0..<rows.count, table: table, scale: scale, into: embedded)
    // Reversed by a gather, and put back row by row.
    let reversed = try backend.activation(rows: rows.count, columns: columns)
    try backend.gatherRows(embedded, indices: Array((0..<rows.count).reversed()), into: reversed)
    let out = try backend.activation(rows: rows.count, columns: columns)
    for row in 0..<rows.count {
      try backend.copyRows(reversed, rows: row..<row + 1, to: out, at: rows.count - 1 - row)
    }
    var result = try backend.result(out, rows: rows.count, columns: columns)
    for moved in [embedded, reversed] {
      result.isContained = try result.isContained && backend.leavesGuards(moved, rows: rows.count, columns: columns)
    }
    return result
  }
}
