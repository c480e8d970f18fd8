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
    var encoder = WordEncoder(file, capacity: bytes.count / 3)
    if addSpecialTokens { encoder.output += file.template.prefix }
    for section in file.rawTokens.sections(of: bytes, in: bytes.indices) {
      if let id = section.id {
        encoder.output.append(id)
      } else {
        encodeNormalised(bytes, section.range, with: &encoder)
      }
    }
    if addSpecialTokens { encoder.output += file.template.suffix }
    return encoder.output
  }

  private func encodeNormalised(_ bytes: [UInt8], _ range: Range<Int>, with encoder: inout WordEncoder) {
    var bytes = bytes
    var range = range
    if file.normalises, let normalised = Composition.shared.normalised(bytes, in: range) {
      bytes = normalised
      range = bytes.indices
    }
    for section in file.normalisedTokens.sections(of: bytes, in: range) {
      if let id = section.id {
        encoder.output.append(id)
      } else {
        file.preTokenizer.forEachWord(in: bytes, section.range) { encoder.encode($0, $1) }
      }
    }
  }
}

/// Merges words for one call of `encode`, and remembers the short ones, since most words of a text come again.
private struct WordEncoder {
  private let file: TokenizerFile
  private var scratch = BytePairMerges.Scratch()
  private var word: [Int32] = []
  /// Where in `output` the ids of a word are.
  private var known: [ShortWord: Range<Int>] = [:]
  var output: [Int32] = []

  private static let mostKnownWords = 65_536

  init(_ file: TokenizerFile, capacity: Int) {
    self.file = file
    output.reserveCapacity(capacity)
  }

  mutating func encode(_ bytes: [UInt8], _ range: Range<Int>) {
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
    if file.ignoresMerges, let id = file.vocabulary.id(ofBytes: bytes[range]) {
      output.append(id)
      return
    }
    word.removeAll(keepingCapacity: true)
    for byte in bytes[range] {
      // A byte without a token is left out, as `tokenizers` does without an unknown token.
      let id = file.vocabulary.byteIDs[Int(byte)]
      if id >= 0 { word.append(id) }
    }
    file.merges.merge(word, with: &scratch, into: &output)
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
