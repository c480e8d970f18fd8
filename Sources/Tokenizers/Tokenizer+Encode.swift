extension Tokenizer {
  /// The ids of a text: the special tokens that the file's template puts around it, unless `addSpecialTokens` is false,
  /// and special tokens that are spelled out in the text, always.
  package func encode(_ text: String, addSpecialTokens: Bool = true) -> [Int32] {
    encode(validated: Array(text.utf8), addSpecialTokens: addSpecialTokens)
  }

  /// The ids of a text in UTF-8; what is not valid becomes U+FFFD, one for each maximal part of a character.
  package func encode(bytes: some Sequence<UInt8>, addSpecialTokens: Bool = true) -> [Int32] {
    encode(String(decoding: Array(bytes), as: UTF8.self), addSpecialTokens: addSpecialTokens)
  }

  private func encode(validated bytes: [UInt8], addSpecialTokens: Bool) -> [Int32] {
    var encoder = WordEncoder(parts, capacity: bytes.count / 3)
    if addSpecialTokens { encoder.output += parts.postProcessor.prefix }
    for section in parts.rawTokens.sections(of: bytes, in: bytes.indices) {
      if let id = section.id {
        encoder.output.append(id)
      } else {
        encodeText(bytes, section.range, with: &encoder)
      }
    }
    if addSpecialTokens { encoder.output += parts.postProcessor.suffix }
    return encoder.output
  }

  private func encodeText(_ bytes: [UInt8], _ range: Range<Int>, with encoder: inout WordEncoder) {
    let isStart = range.lowerBound == 0
    var bytes = bytes
    var range = range
    if parts.addsSpacePrefix {
      bytes = [0x20] + bytes[range]
      range = bytes.indices
    }
    if let normalised = parts.normalizer.normalised(bytes, in: range) {
      bytes = normalised
      range = bytes.indices
    }
    let start = range.lowerBound
    for section in parts.normalisedTokens.sections(of: bytes, in: range) {
      if let id = section.id {
        encoder.output.append(id)
      } else {
        let isStart = isStart && section.range.lowerBound == start
        parts.preTokenizer.forEachWord(in: bytes, section.range, isStart: isStart) { encoder.encode($0, $1) }
      }
    }
  }
}

/// Merges words for one call of `encode`, and remembers the short ones, since most words of a text come again.
private struct WordEncoder {
  private let parts: TokenizerParts
  private var scratch = BytePairMerges.Scratch()
  private var word: [Int32] = []
  /// Where in `output` the ids of a word are.
  private var known: [ShortWord: Range<Int>] = [:]
  var output: [Int32] = []

  private static let mostKnownWords = 65_536

  init(_ parts: TokenizerParts, capacity: Int) {
    self.parts = parts
    output.reserveCapacity(capacity)
  }

  mutating func encode(_ bytes: [UInt8], _ range: Range<Int>) {
    parts.model.forEachPart(of: bytes, range) { encodePart(bytes, $0) }
  }

  private mutating func encodePart(_ bytes: [UInt8], _ range: Range<Int>) {
    let key = ShortWord(bytes, range)
    if let key, let ids = known[key] {
      for index in ids { output.append(output[index]) }
      return
    }
    let start = output.count
    merge(bytes, range)
    if let key, known.count < Self.mostKnownWords { known[key] = start..<output.count }
  }

  private mutating func merge(_ bytes: [UInt8], _ range: Range<Int>) {
    if parts.model.ignoresMerges, let id = wholeWord(bytes[range]) {
      output.append(id)
      return
    }
    word.removeAll(keepingCapacity: true)
    parts.model.append(bytes, range, to: &word)
    let start = output.count
    parts.model.merges.merge(word, with: &scratch, into: &output)
    parts.model.replaceHidden(in: &output, from: start)
  }

  private func wholeWord(_ bytes: ArraySlice<UInt8>) -> Int32? {
    parts.vocabulary.ids[parts.preTokenizer.isByteLevel ? bytes.flatMap(ByteAlphabet.spelling) : Array(bytes)]
  }
}

/// A word of at most 15 bytes: the bytes and the length in 16.
private struct ShortWord: Hashable {
  private var low: UInt64 = 0
  private var high: UInt64

  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    guard range.count < 16 else { return nil }
    high = UInt64(range.count) << 56
    for (place, byte) in bytes[range].enumerated() {
      if place < 8 {
        low |= UInt64(byte) << UInt64(place * 8)
      } else {
        high |= UInt64(byte) << UInt64(place * 8 - 64)
      }
    }
  }
}
