import Backend

/// What an op has to do at least: for throughput.
package struct OpWork: Sendable, Equatable {
  /// Floating-point operations: a multiplication and an addition are two.
  package var operations: Double
  /// Bytes of weights, activations and cache between device memory and compute, each once.
  package var bytes: Double
}

extension OpCase {
  package var work: OpWork { OpWork(operations: 0, bytes: 0) }
}

extension NormCase {
  /// Squares, their sum, the scale and the weight; rows read and written.
  package var work: OpWork {
    OpWork(operations: Double(4 * rows * columns), bytes: Double((2 * rows + 1) * columns * 4))
  }
}

extension LinearCase {
  package var work: OpWork {
    OpWork(
      operations: Double(2 * rows * columns * features),
      bytes: Double(weightBytes + 4 * rows * (columns + (accumulate ? 2 : 1) * features)))
  }

  private var weightBytes: Int {
    let first = features / 2
    return first * format.rowBytes(columns) + (features - first) * (secondFormat ?? format).rowBytes(columns)
  }
}

extension OpWork {
  static func + (a: OpWork, b: OpWork) -> OpWork {
    OpWork(operations: a.operations + b.operations, bytes: a.bytes + b.bytes)
  }

  /// Of `thenProduct`: a product in front of the op and one behind it, of the same rows and weights.
  static func products(rows: Int, columns: Int, features: Int, _ format: ElementFormat) -> OpWork {
    let product = LinearCase(rows: rows, columns: columns, features: features, format: format, accumulate: false).work
    return product + product
  }
}

extension NormThenProductCase {
  package var work: OpWork {
    NormCase(rows: rows, columns: columns).work
      + .products(rows: rows, columns: columns, features: features, format)
  }
}

extension CombineThenNormCase {
  /// The norm, and each expert's row read and added.
  package var work: OpWork {
    NormCase(rows: rows, columns: columns).work
      + OpWork(operations: Double(2 * rows * chosen * columns), bytes: Double((chosen + 1) * rows * columns * 4))
  }
}

extension AttentionThenProductCase {
  package var work: OpWork {
    AttentionCase(
      queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: headSize, hasNorm: false, sequences: sequences
    ).work + .products(rows: rows, columns: queryHeads * headSize, features: features, format)
  }
}

extension JoinedLaunchesCase {
  /// The two products of each pass; the norm is little beside them.
  package var work: OpWork {
    let weights = 2 * columns * features
    return OpWork(
      operations: Double(Self.passes * 2 * rows * weights),
      bytes: Double(Self.passes * (2 * weights + 4 * rows * (3 * columns + 2 * features))))
  }
}

extension HeadProductsCase {
  package var work: OpWork {
    let weights = heads * columns * features
    return OpWork(
      operations: Double(2 * rows * weights),
      bytes: Double(heads * features * format.rowBytes(columns) + 4 * rows * heads * (columns + features)))
  }
}

extension EmbeddingCase {
  /// A row of the table, then a gather and a copy.
  package var work: OpWork {
    OpWork(operations: 0, bytes: Double(rows * (format.rowBytes(columns) + columns * (4 + 2 * 8))))
  }
}

extension AttentionCase {
  /// Scores and weighted sums over the positions that each row sees; keys and values once a sequence, the rest once a row.
  package var work: OpWork {
    let seen = sequences.joined().reduce(0) { $0 + min($1 + 1, window ?? .max) }
    let cached = sequences.reduce(0) { $0 + $1.upperBound }
    return OpWork(
      operations: Double(4 * seen * queryHeads * headSize),
      bytes: Double(4 * headSize * (2 * cached * keyValueHeads + rows * (3 * queryHeads + 2 * keyValueHeads))))
  }
}

extension RouterCase {
  package var work: OpWork { OpWork(operations: 0, bytes: Double(4 * rows * (experts + 2 * chosen))) }
}

extension ExpertsCase {
  /// Three products a chosen expert; the weights of as many experts as rows can meet.
  package var work: OpWork {
    let met = spread == .last ? chosen : min(experts, rows * chosen)
    let expert = 3 * columns * intermediate
    let bytes = 2 * intermediate * format.rowBytes(columns) + columns * (downFormat ?? format).rowBytes(intermediate)
    return OpWork(
      operations: Double(2 * rows * chosen * expert),
      bytes: Double(met * bytes + 4 * rows * chosen * (3 * columns + 2 * intermediate)))
  }
}
