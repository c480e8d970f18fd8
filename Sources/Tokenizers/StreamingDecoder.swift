/// Decodes ids as they come, and gives text as soon as its characters are complete.
///
/// The texts from `append` and `finish` together are what `Tokenizer.decode` gives for all the ids at once. A character
/// here is a Unicode scalar: an emoji of several scalars may come in parts.
package struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecialTokens: Bool
  /// The start of a character whose last bytes have not come yet: at most 3 bytes between calls.
  private var pending: [UInt8] = []

  package init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool = true) {
    self.tokenizer = tokenizer
    self.skipSpecialTokens = skipSpecialTokens
  }

  /// Takes the next id and gives the text that is complete with it, which may be empty.
  package mutating func append(_ id: Int32) -> String {
    tokenizer.append(id, to: &pending, skipSpecialTokens: skipSpecialTokens)
    let complete = pending.count - UTF8Reader.incompleteSuffix(of: pending)
    let text = String(decoding: pending[..<complete], as: UTF8.self)
    pending.removeFirst(complete)
    return text
  }

  /// Gives what is left, an unfinished character as U+FFFD; then the decoder can be used anew.
  package mutating func finish() -> String {
    defer { pending.removeAll() }
    return String(decoding: pending, as: UTF8.self)
  }
}
