import Backend

/// A case whose shape may be drawn.
protocol RandomOpCase: OpCase {
  /// A small shape, such as no table would have.
  static func random(_ random: inout CaseRandom) -> Self
}

extension CaseRandom {
  /// Uniform in `range`.
  mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
  }

  mutating func bool() -> Bool { next() % 2 == 0 }

  mutating func one<T>(of values: [T]) -> T { values[int(0...values.count - 1)] }
}

/// One of the formats that weights can have, and `columns` rounded up to its whole blocks.
private func drawn(_ columns: Int, _ random: inout CaseRandom) -> (format: ElementFormat, columns: Int) {
  let format = random.bool() ? random.one(of: [.bf16, .f16, .f32]) : random.one(of: ElementFormat.weights)
  let block = format.blockElements
  return (format, (columns + block - 1) / block * block)
}

extension EmbeddingCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> EmbeddingCase {
    let (format, columns) = drawn(random.int(1...300), &random)
    return EmbeddingCase(
      rows: random.int(1...40), columns: columns, vocabulary: random.int(1...200), format: format)
  }
}

extension NormCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> NormCase {
    NormCase(rows: random.int(1...70), columns: random.int(1...700))
  }
}

extension LinearCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> LinearCase {
    let (format, columns) = drawn(random.int(1...400), &random)
    return LinearCase(
      rows: random.int(1...150), columns: columns, features: random.int(1...300), format: format,
      accumulate: random.bool(), hasExtras: random.bool())
  }
}

extension AttentionCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> AttentionCase {
    let isLatent = random.int(0...3) == 0, isWide = !isLatent && random.int(0...3) == 0
    let keyValueHeads = isLatent ? 1 : random.int(1...4)
    let headSize = 2 * random.int(isLatent ? 2...64 : 1...64)
    return AttentionCase(
      queryHeads: keyValueHeads * random.int(1...5), keyValueHeads: keyValueHeads, headSize: headSize,
      hasNorm: isLatent || isWide || random.bool(),
      sequences: (0..<random.int(1...5)).map { _ in
        let first = random.int(0...300)
        return first..<first + random.int(1...40)
      }, window: !isLatent && random.bool() ? random.int(1...200) : nil, hasSinks: !isLatent && random.bool(),
      isWide: isWide, valuePrefix: isLatent ? 2 * random.int(1...headSize / 2 - 1) : nil)
  }
}

extension HeadProductsCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> HeadProductsCase {
    let (format, columns) = drawn(random.int(1...200), &random)
    return HeadProductsCase(
      rows: random.int(1...80), heads: random.int(1...6), headSize: columns + random.int(0...20), columns: columns,
      features: random.int(1...200), format: format)
  }
}

extension RouterCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> RouterCase {
    let experts = random.int(1...160)
    return RouterCase(
      rows: random.int(1...150), experts: experts, chosen: random.int(1...min(experts, 9)),
      rule: RouterRule(
        scoring: random.one(of: [.softmax, .chosenSoftmax, .sigmoid]), renormalise: random.bool(),
        scale: random.one(of: [1, 2.5])), hasCorrection: random.bool())
  }
}

extension ExpertsCase: RandomOpCase {
  static func random(_ random: inout CaseRandom) -> ExpertsCase {
    let experts = random.int(1...24)
    let (format, columns) = drawn(random.int(1...160), &random)
    let (downFormat, intermediate) = drawn(random.int(1...120), &random)
    return ExpertsCase(
      rows: random.int(1...90), experts: experts, chosen: random.int(1...min(experts, 6)),
      columns: columns, intermediate: intermediate, format: format, downFormat: downFormat,
      spread: random.one(of: [.random, .random, .last]), hasExtras: random.bool())
  }
}
