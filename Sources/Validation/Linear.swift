package import Backend

/// A dense linear layer of two stacked tensors; row 2 holds a NaN, which must stay there.
package struct LinearCase: OpCase {
  package var rows: Int
  var columns: Int
  var features: Int
  var format: ElementFormat
  var accumulate: Bool

  package var family: String { "Linear" }
  package var name: String {
    "rows=\(rows) K=\(columns) N=\(features) \(format)\(accumulate ? " accumulate" : "")"
  }

  static var all: [any OpCase] {
    let shapes = [
      (0, 16, 16), (1, 1, 2), (1, 128, 512), (3, 33, 45), (7, 64, 31), (8, 192, 32), (9, 2, 33), (33, 100, 65),
      (65, 128, 96), (130, 192, 320), (300, 48, 17),
    ]
    return shapes.flatMap { rows, columns, features -> [any OpCase] in
      [(ElementFormat.bf16, false), (.bf16, true), (.f32, false), (.f16, true)].map {
        LinearCase(rows: rows, columns: columns, features: features, format: $0.0, accumulate: $0.1)
      }
    } + [LinearCase(rows: 2, columns: 2048, features: 768, format: .bf16, accumulate: false)] + blocks
  }

  /// Every format of blocks: one block and several, ragged panels, few rows and many.
  private static var blocks: [any OpCase] {
    ElementFormat.allCases.filter { $0.block != nil }.flatMap { format -> [any OpCase] in
      let block = format.blockElements
      return [(1, 1, 33), (2, 3, 64), (7, 2, 45), (70, 1, 65)].map { rows, blocks, features in
        LinearCase(
          rows: rows, columns: blocks * block, features: features, format: format, accumulate: features == 45)
      }
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(5, columns, features)
    let first = features / 2
    let parts = [first, features - first].filter { $0 > 0 }.map {
      randomTensor("weight", format, rows: $0, columns: columns, &random)
    }
    let weight = try backend.loadMatrix(MatrixSource(label: "weight", parts: [parts]))
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(6, columns, row)
      var values = random.floats(columns)
      if row == 2 { values[columns - 1] = .nan }
      return values
    }
    let before = rows.flatMap { row -> [Float] in
      var random = CaseRandom(7, features, row)
      return random.floats(features)
    }
    let x = try backend.activation(rows: rows.count, columns: columns, values)
    let out = try backend.activation(rows: rows.count, columns: features, accumulate ? before : nil)
    try backend.linear(x, weight, rows: rows.count, into: out, accumulate: accumulate)
    return try backend.result(out, rows: rows.count, columns: features)
  }
}
