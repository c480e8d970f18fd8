/// How text is cut into words, which merging never crosses.
struct PreTokenizer: Sendable {
  enum Step: Sendable {
    case split(SplitStep)
    /// `▁` or another character for each space, and before the text.
    case metaspace(Metaspace)
    /// A space before each piece that does not begin with one.
    case prefixSpace
  }

  /// In order; each cuts the pieces of the one before.
  var steps: [Step]
  /// Whether the words' bytes are looked up in the byte-level alphabet.
  var isByteLevel: Bool

  init(_ steps: [Step], isByteLevel: Bool) {
    self.steps = steps
    self.isByteLevel = isByteLevel
  }

  /// Calls `body` with each word of `range`, as bytes and where in them it lies.
  ///
  /// - Parameter isStart: whether the range begins where the whole text does.
  func forEachWord(in bytes: [UInt8], _ range: Range<Int>, isStart: Bool, _ body: ([UInt8], Range<Int>) -> Void) {
    cut(bytes, range, isStart, by: 0, body)
  }

  private func cut(
    _ bytes: [UInt8], _ range: Range<Int>, _ isStart: Bool, by step: Int, _ body: ([UInt8], Range<Int>) -> Void
  ) {
    guard !range.isEmpty else { return }
    guard step < steps.count else { return body(bytes, range) }
    switch steps[step] {
    case .split(let split):
      if step + 1 == steps.count { return split.forEachPiece(in: bytes, range) { body(bytes, $0) } }
      split.forEachPiece(in: bytes, range) { piece in
        cut(bytes, piece, isStart && piece.lowerBound == range.lowerBound, by: step + 1, body)
      }
    case .metaspace(let metaspace):
      let text = metaspace.replaced(bytes[range], isStart: isStart)
      metaspace.split.forEachPiece(in: text, text.indices) { piece in
        cut(text, piece, isStart && piece.lowerBound == 0, by: step + 1, body)
      }
    case .prefixSpace:
      if bytes[range.lowerBound] == 0x20 { return cut(bytes, range, isStart, by: step + 1, body) }
      let text = [0x20] + bytes[range]
      cut(text, text.indices, isStart, by: step + 1, body)
    }
  }
}

/// The pre-tokenizer `Metaspace`: spaces become a visible character, which begins each word.
struct Metaspace: Sendable {
  enum Prepending: String, Sendable {
    case always, never, first
  }

  let replacement: [UInt8]
  let prepending: Prepending
  /// Cuts before each replacement; or not at all.
  let split: SplitStep

  init(replacement: [UInt8], prepending: Prepending, splits: Bool) {
    self.replacement = replacement
    self.prepending = prepending
    split = SplitStep(.literal(splits ? replacement : []), .mergedWithNext)
  }

  func replaced(_ text: ArraySlice<UInt8>, isStart: Bool) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count + replacement.count)
    for byte in text {
      if byte == 0x20 { result += replacement } else { result.append(byte) }
    }
    let isPrepended = prepending == .always || prepending == .first && isStart
    return isPrepended && !result.starts(with: replacement) ? replacement + result : result
  }
}
