package import Backend

extension ReferenceBackend {
  package func linear(
    _ x: Activation, _ weight: Matrix, options: LinearOptions<Vector>, rows: Int, into out: Activation
  ) {
    let forms = Set(weight.source.bands.map { activations.form(for: $0.format) })
    let inputs = Dictionary(uniqueKeysWithValues: forms.map { ($0, rounded(x, rows: Array(0..<rows), $0)) })
    for n in 0..<weight.source.rows {
      let row = WeightRow(weight.source, expert: 0, row: n)
      let x = inputs[activations.form(for: weight.source.locate(expert: 0, row: n).tensor.format)] ?? x
      let bias = Double(options.bias?.values[n] ?? 0)
      for r in 0..<rows {
        let value = Double(options.scale) * (row.dot(x.row(r)) + bias)
        let before = options.accumulate ? Double(out.row(r)[options.column + n]) : 0
        out.row(r)[options.column + n] = Float(before + value)
      }
    }
  }

  /// A copy of `rows` of `x` in which they are rounded, unless they stay as they are.
  func rounded(_ x: Activation, rows: [Int], _ form: ActivationForm) -> Activation {
    guard form != .float32 else { return x }
    let copy = Activation(rows: x.rows, columns: x.columns)
    for row in rows { _ = copy.row(row).update(fromContentsOf: form.rounded(x.row(row))) }
    return copy
  }

  package func multiplyHeads(_ x: Activation, headSize: Int, _ weights: Matrix, rows: Int, into out: Activation) {
    let source = weights.source
    let outSize = source.rows + headSize - source.columns
    for head in 0..<source.expertCount {
      for n in 0..<source.rows {
        let weight = WeightRow(source, expert: head, row: n)
        for r in 0..<rows {
          let part = UnsafeMutableBufferPointer(rebasing: x.row(r)[(head * headSize)...])
          out.row(r)[head * outSize + n] = Float(weight.dot(part))
        }
      }
      for r in 0..<rows {
        for k in source.columns..<headSize {
          out.row(r)[head * outSize + source.rows + k - source.columns] = x.row(r)[head * headSize + k]
        }
      }
    }
  }
}

/// One row of a weight matrix, widened.
struct WeightRow {
  private let values: [Float]

  init(_ source: MatrixSource, expert: Int, row: Int) {
    let (tensor, place) = source.locate(expert: expert, row: row)
    values = [Float](unsafeUninitializedCapacity: source.columns) { values, count in
      if let base = values.baseAddress { tensor.readRow(at: place, columns: source.columns, into: base) }
      count = source.columns
    }
  }

  /// Σ x[k] · w[k], in the order of k.
  func dot(_ x: UnsafeMutableBufferPointer<Float>) -> Double {
    var sum = 0.0
    for k in values.indices { sum += Double(x[k]) * Double(values[k]) }
    return sum
  }
}
