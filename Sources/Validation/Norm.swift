package import Backend

/// RMS norm; row 0 holds values so small that ε counts, row 1 a NaN, row 2 large values, row 3 zeros, row 4
/// numbers below 2⁻¹²⁶, row 5 ±65504.
package struct NormCase: OpCase {
  package var rows: Int
  var columns: Int

  package var family: String { "Norm" }
  package var name: String { "rows=\(rows) K=\(columns)" }
  package var bound: Double { 1e-6 }
  package var cancels: Bool { false }

  static var all: [any OpCase] {
    [(0, 16), (1, 1), (5, 15), (5, 16), (4, 17), (9, 63), (33, 192), (4, 2048)].map {
      NormCase(rows: $0.0, columns: $0.1)
    }
  }

  private func scale(_ row: Int) -> Float {
    switch row {
    case 0: 1e-3
    case 2: 1e15
    case 3: 0
    case 4: 0x1p-127
    default: 3
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(3, columns)
    let weight = try backend.loadVector(random.floats(columns), label: "weight")
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(4, columns, row)
      var values = random.floats(columns, scale: scale(row))
      if row == 1 { values[columns / 2] = .nan }
      if row == 5 { values = Extreme.large.apply(to: values) }
      return values
    }
    let x = try backend.input(rows: rows.count, columns: columns, values)
    let out = try backend.activation(rows: rows.count, columns: columns)
    try backend.rmsNorm(x, weight: weight, epsilon: 1e-6, rows: rows.count, into: out)
    return try backend.result(out, rows: rows.count, columns: columns)
  }
}
