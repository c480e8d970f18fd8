import JSON

/// The checked tokens of a GGUF file.
struct MetadataReader {
  let metadata: TokenizerMetadata
  private let source: String
  /// Of two tokens with one spelling the first counts.
  let ids: [[UInt8]: Int32]
  private let spellings: [[UInt8]]
  private let kinds: [TokenizerMetadata.Kind]

  init(_ metadata: TokenizerMetadata, source: String) throws(TokenizerError) {
    func error(_ key: String, _ problem: String) -> TokenizerError {
      TokenizerError(source: source, field: "tokenizer.ggml." + key, problem: problem)
    }
    self.metadata = metadata
    self.source = source
    guard !metadata.tokens.isEmpty, metadata.tokens.count <= Int(Vocabulary.highestID) + 1 else {
      throw error("tokens", "found \(metadata.tokens.count) tokens, expected 1 to \(Vocabulary.highestID + 1)")
    }
    for (key, count) in [("scores", metadata.scores?.count), ("token_type", metadata.kinds?.count)] {
      if let count, count != metadata.tokens.count {
        throw error(key, "found \(count) values, expected \(metadata.tokens.count), one for each token")
      }
    }
    let named = [
      ("bos_token_id", metadata.bosToken), ("eos_token_id", metadata.eosToken),
      ("unknown_token_id", metadata.unknownToken),
    ]
    for (key, id) in named {
      if let id, !metadata.tokens.indices.contains(Int(id)) {
        throw error(key, "found \(id), expected the id of a token, 0 to \(metadata.tokens.count - 1)")
      }
    }
    var kinds: [TokenizerMetadata.Kind] = []
    for (index, number) in (metadata.kinds ?? []).enumerated() {
      guard let kind = TokenizerMetadata.Kind(rawValue: number) else {
        throw error("token_type", "found \(number) for token \(index), expected 1 to 6")
      }
      kinds.append(kind)
    }
    self.kinds = kinds
    spellings = metadata.tokens.map { Array($0.utf8) }
    ids = Dictionary(spellings.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
  }

  func error(_ key: String, _ problem: String) -> TokenizerError {
    TokenizerError(source: source, field: "tokenizer.ggml." + key, problem: problem)
  }

  func pattern(_ expression: String, key: String) throws(TokenizerError) -> TextPattern {
    do throws(PatternProblem) {
      return try TextPattern(expression: expression)
    } catch {
      throw self.error(key, "the pattern \(quoted(expression)) is not supported: \(error.text)")
    }
  }

  private func kind(_ index: Int) -> TokenizerMetadata.Kind { kinds.isEmpty ? .normal : kinds[index] }

  var entries: [Vocabulary.Entry?] {
    spellings.enumerated().map { index, spelling in
      Vocabulary.Entry(spelling: spelling, isSpecial: kind(index) == .control || kind(index) == .unknown)
    }
  }

  /// What is looked for in the text itself.
  var addedTokens: [AddedToken] {
    spellings.enumerated().compactMap { index, spelling in
      guard [.control, .userDefined, .unknown].contains(kind(index)) else { return nil }
      return AddedToken(
        id: Int32(index), content: spelling, singleWord: false, stripsLeft: false, stripsRight: false)
    }
  }

  /// By byte, the token that is spelled `<0x0A>` and so on, or -1.
  var byteTokens: [Int32] {
    (UInt8.min...UInt8.max).map { ids[BytePairModel.fallbackSpelling(of: $0)] ?? -1 }
  }

  /// By id.
  var allSpellings: [[UInt8]] { spellings }

  /// Merges whose parts and result are tokens; others can never lead to one.
  func merges() throws(TokenizerError) -> BytePairMerges {
    guard let texts = metadata.merges else { throw error("merges", "the key is missing") }
    var merges = BytePairMerges()
    merges.reserveCapacity(texts.count)
    for (rank, text) in texts.enumerated() {
      let bytes = Array(text.utf8)
      guard let space = bytes.dropFirst().firstIndex(of: 0x20) else {
        throw error("merges", "found \(quoted(text)) at \(rank), expected two tokens with a space between")
      }
      let (left, right) = (Array(bytes[..<space]), Array(bytes[(space + 1)...]))
      guard let first = ids[left], let second = ids[right], let result = ids[left + right] else { continue }
      merges.addFirst(first, second, rank: Int32(truncatingIfNeeded: rank), result: result)
    }
    return merges
  }

  /// The token before or behind each text, if there is to be one.
  func mark(_ key: String, _ id: Int32?, _ adds: Bool?, default fallback: Bool) throws(TokenizerError) -> [Int32] {
    guard adds ?? fallback else { return [] }
    if let id { return [id] }
    if adds == true { throw error(key, "the key is missing, but such a token is to be added") }
    return []
  }
}
