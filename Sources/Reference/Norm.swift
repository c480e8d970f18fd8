import Backend

extension ReferenceBackend {
  package func rmsNorm(_ x: Activation, weight: Vector, epsilon: Float, rows: Int, into out: Activation) {
    for row in 0..<rows {
      Self.rmsNorm(x.row(row), weight: weight.values, epsilon: epsilon, into: out.row(row))
    }
  }

  /// out = x / sqrt(mean(x²) + ε) ⊙ weight; `out` may be `x`.
  static func rmsNorm(
    _ x: UnsafeMutableBufferPointer<Float>, weight: [Float], epsilon: Float, into out: UnsafeMutableBufferPointer<Float>
  ) {
    var sum = 0.0
    for value in x { sum += Double(value) * Double(value) }
    let scale = 1 / (sum / Double(x.count) + Double(epsilon)).squareRoot()
    for index in x.indices { out[index] = Float(Double(x[index]) * scale * Double(weight[index])) }
  }
}
