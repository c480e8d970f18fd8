/// How tokens become text.
struct TokenDecoder: Sendable {
  /// What is done to each token, in order.
  enum Step: Sendable {
    case replace(TextPattern, [UInt8])
    /// Up to so many times a character at the token's start and end.
    case strip([UInt8], start: Int, end: Int)
  }

  var steps: [Step] = []
  /// Tokens are spelled in the byte-level alphabet.
  var isByteLevel = false
  /// Tokens such as `<0x0A>` are bytes.
  var hasByteFallback = false
  /// What each of these in a token becomes a space, except in the first token, where it vanishes if `dropsFirst`.
  var metaspace: (character: [UInt8], dropsFirst: Bool)?
  /// Up to so many times this is left out where the text begins.
  var startStrip: (character: [UInt8], count: Int)?
  /// What stands between tokens.
  var separator: [UInt8] = []

  /// The bytes that a token adds to a text.
  func content(of spelling: [UInt8]) -> [UInt8] {
    var content = spelling
    // A spelling with a character outside the alphabet stands for itself.
    if isByteLevel { content = ByteAlphabet.bytes(of: content) ?? content }
    if let metaspace { content = Self.replaced(.literal(metaspace.character), [0x20], in: content) }
    for step in steps {
      switch step {
      case .replace(let pattern, let text): content = Self.replaced(pattern, text, in: content)
      case .strip(let character, let start, let end): content = Self.stripped(content, character, start, end)
      }
    }
    return content
  }

  /// What a token adds as the first of a text, if that is something else.
  func firstContent(of spelling: [UInt8]) -> [UInt8]? {
    guard let metaspace, metaspace.dropsFirst else { return nil }
    return Self.replaced(.literal(metaspace.character), [], in: spelling)
  }

  /// The byte that a token stands for.
  func byte(of spelling: [UInt8]) -> UInt8? {
    guard hasByteFallback, spelling.count == 6, spelling.starts(with: "<0x".utf8), spelling[5] == UInt8(ascii: ">"),
      spelling[3] != UInt8(ascii: "+"), spelling[3] != UInt8(ascii: "-")
    else { return nil }
    return UInt8(String(decoding: spelling[3..<5], as: UTF8.self), radix: 16)
  }

  private static func replaced(_ pattern: TextPattern, _ text: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    pattern.forEachMatch(in: bytes, bytes.indices) { match in
      result += bytes[start..<match.lowerBound] + text
      start = match.upperBound
    }
    return start == 0 ? bytes : result + bytes[start...]
  }

  private static func stripped(_ bytes: [UInt8], _ character: [UInt8], _ start: Int, _ end: Int) -> [UInt8] {
    var rest = bytes[...]
    var count = 0
    while count < start, !character.isEmpty, rest.starts(with: character) {
      rest = rest.dropFirst(character.count)
      count += 1
    }
    count = 0
    while count < end, !character.isEmpty, rest.count >= character.count, rest.suffix(character.count) == character[...]
    {
      rest = rest.dropLast(character.count)
      count += 1
    }
    return Array(rest)
  }
}
