package import Backend

/// What experts have made added to rows, then the RMS norm of the sums, which a backend may do in one launch; row 1 holds a NaN,
/// row 2 an infinity that an expert brings.
package struct CombineThenNormCase: OpCase {
  package var rows: Int
  var columns: Int
  var experts: Int
  var chosen: Int

  package var family: String { "Norm" }
  package var name: String { "rows=\(rows) K=\(columns) behind \(chosen) of \(experts) experts" }
  package var bound: Double { 1e-6 }

  static var all: [any OpCase] {
    [(1, 64, 4, 1), (4, 95, 8, 2), (33, 192, 5, 3), (5, 2048, 8, 8), (3, 2500, 6, 2)].map {
      CombineThenNormCase(rows: $0.0, columns: $0.1, experts: $0.2, chosen: $0.3)
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    let routing = try backend.makeRouting(rows: rows.count, experts: experts, chosen: chosen, layers: 1, label: "case")
    let logits = rows.flatMap { row in
      var random = CaseRandom(19, experts, row)
      return random.floats(experts, scale: 2)
    }
    try backend.route(
      logits: backend.input(rows: rows.count, columns: experts, logits), rows: rows.count,
      options: RouterOptions(renormalise: true, layer: 0, phase: .prefill), into: routing)
    func values(_ role: Int, count: Int, spoiled: Int, by value: Float) -> [Float] {
      rows.flatMap { row -> [Float] in
        var random = CaseRandom(role, columns, row)
        var values = random.floats(count)
        if row == spoiled { values[count / 2] = value }
        return values
      }
    }
    var random = CaseRandom(20, columns)
    let weight = try backend.loadVector(random.floats(columns), label: "weight")
    let x = try backend.activation(rows: rows.count, columns: columns, values(21, count: columns, spoiled: 1, by: .nan))
    let out = try backend.input(
      rows: rows.count * chosen, columns: columns, values(22, count: chosen * columns, spoiled: 2, by: .infinity))
    let normed = try backend.activation(rows: rows.count, columns: columns)
    try backend.combine(out, routing: routing, rows: rows.count, addingTo: x)
    try backend.rmsNorm(x, weight: weight, epsilon: 1e-6, rows: rows.count, into: normed)
    var result = try backend.result(x, rows: rows.count, columns: columns)
    result.add(try backend.result(normed, rows: rows.count, columns: columns))
    return result
  }
}
