package import Backend

/// A dense linear layer of two stacked tensors; row 2 holds a NaN, which must stay there.
package struct LinearCase: OpCase {
  package var rows: Int
  var columns: Int
  var features: Int
  var format: ElementFormat
  var accumulate: Bool
  /// A bias, a scale, and columns of the output on both sides that must stay.
  var hasExtras = false
  /// Of the second tensor; that of the first unless given.
  var secondFormat: ElementFormat?
  var extreme: Extreme?

  package var family: String { "Linear" }
  package var name: String {
    "rows=\(rows) K=\(columns) N=\(features) \(format.name)\(secondFormat.map { "+\($0.name)" } ?? "")\(accumulate ? " accumulate" : "")"
      + (hasExtras ? " bias scale column" : "") + (extreme.map { " \($0.rawValue)" } ?? "")
  }
  package var formats: Set<ElementFormat> { [format, secondFormat ?? format] }
  package var needsDenormals: Bool { Extreme.needsDenormals(extreme, format) }

  static var all: [any OpCase] {
    let shapes = [
      (0, 16, 16), (1, 1, 2), (1, 128, 512), (3, 33, 45), (7, 64, 31), (8, 192, 32), (9, 2, 33), (33, 100, 65),
      (65, 128, 96), (130, 192, 320), (300, 48, 17),
      (15, 35, 40),
    ]
    return shapes.flatMap { rows, columns, features -> [any OpCase] in
      [(ElementFormat.bf16, false), (.bf16, true), (.f32, false), (.f16, true)].map {
        LinearCase(rows: rows, columns: columns, features: features, format: $0.0, accumulate: $0.1)
      }
    } + [LinearCase(rows: 2, columns: 2048, features: 768, format: .bf16, accumulate: false)] + pieces + extras + blocks
      + extremes
  }

  /// Weights that are several bf16 numbers on matrix units: whole chunks and ragged ones, and more than a group has warps.
  private static var pieces: [any OpCase] {
    [ElementFormat.f32, .f16].flatMap { format in
      [(2, 2208, 40), (12, 280, 33), (34, 256, 97)].map { rows, columns, features in
        LinearCase(rows: rows, columns: columns, features: features, format: format, accumulate: false)
      }
    }
  }

  private static var extremes: [any OpCase] {
    let activations: [any OpCase] = [ElementFormat.bf16, .f32, .q4K].flatMap { format in
      [Extreme.large, .denormals].map {
        LinearCase(rows: 6, columns: 256, features: 37, format: format, accumulate: false, extreme: $0)
      }
    }
    return activations
      + ElementFormat.weights.map {
        LinearCase(rows: 5, columns: 256, features: 37, format: $0, accumulate: false, extreme: .tinyWeights)
      }
  }

  private static var extras: [any OpCase] {
    [(1, 128, 96), (3, 33, 45), (7, 64, 1), (65, 128, 96), (130, 40, 31)].flatMap { rows, columns, features in
      [(ElementFormat.bf16, false), (.bf16, true), (.f32, true)].map {
        LinearCase(
          rows: rows, columns: columns, features: features, format: $0.0, accumulate: $0.1, hasExtras: true)
      }
    }
  }

  /// Every format of blocks: one block and several, ragged panels, few rows and many, and whole chunks of matrix units with a
  /// ragged one behind them.
  private static var blocks: [any OpCase] {
    ElementFormat.allCases.filter { $0.block != nil }.flatMap { format -> [any OpCase] in
      let block = format.blockElements, chunks = max(block, 160)
      return [
        (1, block, 33), (2, 3 * block, 64), (7, 2 * block, 45), (70, block, 65), (12, chunks, 33), (34, chunks, 97),
      ]
      .map { rows, columns, features in
        LinearCase(
          rows: rows, columns: columns, features: features, format: format, accumulate: features == 45)
      }
    } + mixed + large
  }

  /// More chunks than a group of matrix units has warps, and so many rows that a large device makes tiles of them.
  private static var large: [any OpCase] {
    [(2, 2208, 40), (704, 32, 1024)].map { rows, columns, features in
      LinearCase(rows: rows, columns: columns, features: features, format: .q41, accumulate: false)
    }
  }

  /// Rows of several formats in one matrix, as attention's are in Q4_K_M files.
  private static var mixed: [any OpCase] {
    [(ElementFormat.q4K, ElementFormat.q6K), (.bf16, .f32), (.q80, .f16)].flatMap { first, second in
      [(1, 75), (20, 130)].map { rows, features in
        LinearCase(
          rows: rows, columns: 256, features: features, format: first, accumulate: rows == 1, hasExtras: true,
          secondFormat: second)
      }
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    var random = CaseRandom(5, columns, features)
    let first = features / 2
    let parts = [(first, format), (features - first, secondFormat ?? format)].filter { $0.0 > 0 }.map {
      randomTensor("weight", $0.1, rows: $0.0, columns: columns, isTiny: extreme == .tinyWeights, &random)
    }
    let weight = try backend.loadMatrix(MatrixSource(label: "weight", parts: [parts]))
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(6, columns, row)
      var values = random.floats(columns)
      if let extreme { values = extreme.apply(to: values) }
      if row == 2 { values[columns - 1] = .nan }
      return values
    }
    let (column, width) = hasExtras ? (3, features + 5) : (0, features)
    let before = rows.flatMap { row -> [Float] in
      var random = CaseRandom(7, features, row)
      return random.floats(width)
    }
    let x = try backend.input(rows: rows.count, columns: columns, values)
    let out = try backend.activation(rows: rows.count, columns: width, accumulate || hasExtras ? before : nil)
    let bias = hasExtras ? try backend.loadVector(random.floats(features), label: "bias") : nil
    let options = LinearOptions(
      bias: bias, scale: hasExtras ? 0.375 : 1, column: column, accumulate: accumulate)
    try backend.linear(x, weight, options: options, rows: rows.count, into: out)
    return try backend.result(out, rows: rows.count, columns: width)
  }
}
