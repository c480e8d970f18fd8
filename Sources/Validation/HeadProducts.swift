package import Backend

/// Products of heads, each with a matrix of its own; row 2 holds a NaN in its first head, which must stay there,
/// row 3 numbers below 2⁻¹²⁶.
package struct HeadProductsCase: OpCase {
  package var rows: Int
  var heads: Int
  /// Elements of a head of x, of which so many are multiplied; the others are copied.
  var headSize: Int
  var columns: Int
  var features: Int
  var format: ElementFormat

  package var family: String { "HeadProducts" }
  package var name: String {
    "rows=\(rows) heads=\(heads)×\(headSize) K=\(columns) N=\(features) \(format.name)"
  }
  package var formats: Set<ElementFormat> { [format] }

  static var all: [any OpCase] {
    let shapes = [
      (0, 2, 8, 8, 4), (1, 4, 48, 32, 48), (7, 3, 20, 13, 33), (33, 4, 48, 48, 32), (70, 1, 6, 4, 65),
      (130, 5, 24, 16, 31),
    ]
    return shapes.flatMap { rows, heads, headSize, columns, features -> [any OpCase] in
      [ElementFormat.bf16, .f32].map {
        HeadProductsCase(
          rows: rows, heads: heads, headSize: headSize, columns: columns, features: features, format: $0)
      }
    } + blocks
  }

  /// As GGUF files have them.
  private static var blocks: [any OpCase] {
    ElementFormat.weights.map {
      let columns = max($0.blockElements, 32)
      return HeadProductsCase(
        rows: 7, heads: 2, headSize: columns + 6, columns: columns, features: 33, format: $0)
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(15, columns, features)
    let parts = (0..<heads).map { _ in
      [randomTensor("weight", format, rows: features, columns: columns, &random)]
    }
    let weights = try backend.loadMatrix(MatrixSource(label: "weights", kind: .heads, parts: parts))
    // Columns behind the heads, of x and of the output, are no part of the op.
    let (width, outWidth) = (heads * headSize + 3, heads * (features + headSize - columns) + 2)
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(16, columns, row)
      var values = random.floats(width)
      if row == 2 { values[0] = .nan }
      if row == 3 { values = Extreme.denormals.apply(to: values) }
      return values
    }
    let x = try backend.input(rows: rows.count, columns: width, values)
    let out = try backend.activation(
      rows: rows.count, columns: outWidth, Array(repeating: 0.5, count: rows.count * outWidth))
    try backend.multiplyHeads(x, headSize: headSize, weights, rows: rows.count, into: out)
    return try backend.result(out, rows: rows.count, columns: outWidth)
  }
}
