/// Turns ids into bytes, one after the other.
struct Decoding: Sendable {
  private let parts: TokenizerParts
  private let skipSpecialTokens: Bool
  /// What has come so far and was not taken away; all but the bytes of an unfinished run.
  var bytes: [UInt8] = []
  /// Bytes of neighbouring tokens of byte fallback. They are a text together or none of them is.
  private var run: [UInt8] = []
  private var isFirst = true
  /// How often the character that is left out at the start may still come.
  private var stripsLeft: Int

  init(_ parts: TokenizerParts, skipSpecialTokens: Bool) {
    self.parts = parts
    self.skipSpecialTokens = skipSpecialTokens
    stripsLeft = parts.decoder.startStrip?.count ?? 0
  }

  /// Ids without a token add nothing.
  mutating func append(_ id: Int32) {
    let vocabulary = parts.vocabulary
    guard let content = vocabulary.content(of: id), !(skipSpecialTokens && vocabulary.isSpecial(id)) else { return }
    defer { isFirst = false }
    if !isFirst, !parts.decoder.separator.isEmpty { add(parts.decoder.separator[...]) }
    if let byte = vocabulary.byte(of: id) { return run.append(byte) }
    finish()
    if isFirst, let spelling = vocabulary.spelling(of: id), let first = parts.decoder.firstContent(of: Array(spelling))
    {
      return add(first[...])
    }
    add(content)
  }

  /// Ends a run of bytes: where they are no text, each is U+FFFD, as `tokenizers` has it.
  mutating func finish() {
    guard !run.isEmpty else { return }
    let isText = String(validating: run, as: UTF8.self) != nil
    add(isText ? run[...] : [UInt8](repeatElement([0xEF, 0xBF, 0xBD], count: run.count).joined())[...])
    run.removeAll(keepingCapacity: true)
  }

  private mutating func add(_ content: ArraySlice<UInt8>) {
    var content = content
    while stripsLeft > 0, let strip = parts.decoder.startStrip, !content.isEmpty {
      guard !strip.character.isEmpty, content.starts(with: strip.character) else {
        stripsLeft = 0
        break
      }
      content = content.dropFirst(strip.character.count)
      stripsLeft -= 1
    }
    bytes += content
  }
}
