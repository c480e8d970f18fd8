package import Backend

/// RMS norm, then a product of what it makes with weights in blocks or in bf16: a norm may make its output in activations of
/// eight bits, or in bf16, too.
///
/// Rows are such that none of the norm's output is near a tie of rounding, so that its last bits change nothing: before weights
/// in blocks integers of up to 127 and at most a quarter more, times a scale; before those in bf16 the norm's weights, of eight
/// bits, with either sign.
package struct NormThenProductCase: OpCase {
  package var rows: Int
  var columns: Int
  var features: Int
  var format: ElementFormat

  package var family: String { "Norm" }
  package var name: String { "rows=\(rows) K=\(columns) then product N=\(features) \(format.name)" }
  package var formats: Set<ElementFormat> { [format] }

  static var all: [any OpCase] {
    let shapes = [(1, 256, 33), (5, 768, 7), (33, 256, 40)]
    return shapes.flatMap { rows, columns, features in
      [ElementFormat.q80, .q41, .q6K, .bf16].map {
        NormThenProductCase(rows: rows, columns: columns, features: features, format: $0)
      }
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(17, columns, features)
    let isBF16 = format == .bf16
    let norm = (0..<columns).map { _ in isBF16 ? Float(128 + random.int(0...127)) / 128 : 1 + random.float() / 2 }
    let tensor = randomTensor("weight", format, rows: features, columns: columns, &random)
    let weight = try backend.loadVector(norm, label: "norm")
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(18, columns, row)
      var values = isBF16 ? norm.map { _ in random.bool() ? 1 : -1 } : zip(random.codes(columns), norm).map { $0 / $1 }
      if row == 2 { values[columns / 2] = .nan }
      return values
    }
    let x = try backend.input(rows: rows.count, columns: columns, values)
    return try backend.thenProduct(rows: rows.count, columns: columns, tensor) {
      try backend.rmsNorm(x, weight: weight, epsilon: 1e-6, rows: rows.count, into: $0)
    }
  }
}

extension CaseRandom {
  /// Numbers whose codes of eight bits are the same after the last bits of all have changed: the largest magnitude of each group
  /// is 127, the others are integers and at most a quarter more.
  mutating func codes(_ count: Int) -> [Float] {
    var values = (0..<count).map { _ in Float(int(-126...126)) + float() / 4 }
    for start in stride(from: 0, to: count, by: ActivationCodes.groupSize) {
      values[start + int(0...min(ActivationCodes.groupSize, count - start) - 1)] = bool() ? 127 : -127
    }
    return values
  }
}

extension Backend {
  /// What `op` makes, and behind it the product of that with weights.
  ///
  /// A product of the output as it was before goes first, so that a backend knows that somebody takes it rounded,
  /// and has older rows of it.
  func thenProduct(
    rows: Int, columns: Int, _ tensor: HostTensor, after op: (Activation) throws -> Void
  ) throws -> OpResult {
    let weight = try loadMatrix(MatrixSource(label: "weight", parts: [[tensor]]))
    let features = tensor.shape[0]
    let between = try activation(rows: rows, columns: columns)
    let out = try activation(rows: rows, columns: features)
    try linear(between, weight, rows: rows, into: out, accumulate: false)
    try op(between)
    try linear(between, weight, rows: rows, into: out, accumulate: false)
    var result = try self.result(between, rows: rows, columns: columns)
    result.add(try self.result(out, rows: rows, columns: features))
    return result
  }
}
