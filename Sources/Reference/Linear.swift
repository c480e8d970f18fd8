import Backend

extension ReferenceBackend {
  package func linear(_ x: Activation, _ weight: Matrix, rows: Int, into out: Activation, accumulate: Bool) {
    for n in 0..<weight.source.rows {
      let row = WeightRow(weight.source, expert: 0, row: n)
      for r in 0..<rows {
        let product = row.dot(x.row(r))
        out.row(r)[n] = accumulate ? Float(Double(out.row(r)[n]) + product) : Float(product)
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
