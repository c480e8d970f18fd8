package import Backend

/// A product, a norm and a product that adds to the rows it came from, several times behind each other: where a backend joins
/// launches, it queues all of a pass at once, and later passes without running the ops.
package struct JoinedLaunchesCase: OpCase {
  package var rows: Int
  var columns: Int
  var features: Int

  /// From the third one on a backend that has seen the same twice may leave the ops out.
  static let passes = 4

  package var family: String { "Linear" }
  package var name: String { "rows=\(rows) K=\(columns) N=\(features) bf16 joined" }
  package var formats: Set<ElementFormat> { [.bf16] }
  /// Each pass adds the rounding of two products and a norm.
  package var bound: Double { 1e-5 }

  static var all: [any OpCase] {
    [(1, 256, 512), (7, 192, 1024)].map { JoinedLaunchesCase(rows: $0.0, columns: $0.1, features: $0.2) }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(19, columns, features)
    func matrix(_ name: String, rows: Int, columns: Int) throws -> B.Matrix {
      let tensor = randomTensor(name, .bf16, rows: rows, columns: columns, &random)
      return try backend.loadMatrix(MatrixSource(label: name, parts: [[tensor]]))
    }
    let up = try matrix("up", rows: features, columns: columns)
    let down = try matrix("down", rows: columns, columns: features)
    let norm = try backend.loadVector(random.floats(features, scale: 1 / Float(features)), label: "norm")
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(20, columns, row)
      var values = random.floats(columns)
      if row == 2 { values[0] = .nan }
      return values
    }
    let x = try backend.activation(rows: rows.count, columns: columns, values)
    let wide = try backend.activation(rows: rows.count, columns: features)
    let scaled = try backend.activation(rows: rows.count, columns: features)
    // Queued launches hold none of them.
    return try withExtendedLifetime((up, down, norm, wide, scaled)) {
      for _ in 0..<Self.passes {
        try backend.again(try batch(backend, rows: rows.count), rows: rows.count) {
          try backend.linear(x, up, rows: rows.count, into: wide, accumulate: false)
          try backend.rmsNorm(wide, weight: norm, epsilon: 1e-6, rows: rows.count, into: scaled)
          try backend.linear(scaled, down, rows: rows.count, into: x, accumulate: true)
        }
      }
      var result = try backend.result(x, rows: rows.count, columns: columns)
      for activation in [wide, scaled] {
        result.isContained =
          try result.isContained && backend.leavesGuards(activation, rows: rows.count, columns: features)
      }
      return result
    }
  }

  /// Rows that are each the only one of a sequence.
  private func batch<B: Backend>(_ backend: B, rows: Int) throws -> B.Batch {
    var layout = BatchLayout()
    for row in 0..<rows { layout.append(tokens: [0], firstPosition: 0, blocks: [Int32(row)]) }
    return try backend.prepare(
      layout, vocabulary: 1,
      cache: KVCacheShape(blockCount: rows, blockSize: CachedSequences.blockSize, heads: 1, headSize: 1))
  }
}
