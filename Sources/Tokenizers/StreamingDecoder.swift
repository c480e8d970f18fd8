/// Decodes ids as they come, and gives text as soon as its characters are complete.
///
/// The texts from `append` and `finish` together are what `Tokenizer.decode` gives for all the ids at once. A character
/// here is a Unicode scalar: an emoji of several scalars may come in parts.
package struct StreamingDecoder: Sendable {
  private let start: Decoding
  /// Holds the start of a character whose last bytes have not come yet: at most 3 bytes between calls.
  private var decoding: Decoding

  package init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool = true) {
    start = Decoding(tokenizer.parts, skipSpecialTokens: skipSpecialTokens)
    decoding = start
  }

  /// Takes the next id and gives the text that is complete with it, which may be empty.
  package mutating func append(_ id: Int32) -> String {
    decoding.append(id)
    let complete = decoding.bytes.count - UTF8Reader.incompleteSuffix(of: decoding.bytes)
    let text = String(decoding: decoding.bytes[..<complete], as: UTF8.self)
    decoding.bytes.removeFirst(complete)
    return text
  }

  /// Gives what is left, an unfinished character as U+FFFD; then the decoder can be used anew.
  package mutating func finish() -> String {
    decoding.finish()
    defer { decoding = start }
    return String(decoding: decoding.bytes, as: UTF8.self)
  }
}
