package import Foundation

/// Text ↔ token ids, by the `tokenizer.json` of a checkpoint, as Hugging Face's `tokenizers` does it.
///
///     let tokenizer = try Tokenizer(folder: "models/olmoe")
///     let ids = tokenizer.encode("Hello")
///     tokenizer.decode(ids)  // "Hello"
///
/// Supported are byte-pair encodings, over bytes or characters; what a file asks for beyond that is refused by name. A
/// tokenizer never changes after it is made, and any number of threads may use it at once. For text
/// that arrives token by token use `StreamingDecoder`.
package final class Tokenizer: Sendable {
  let parts: TokenizerParts

  /// Reads `tokenizer.json` in `folder`.
  package convenience init(folder: String) throws(TokenizerError) {
    let path = URL(fileURLWithPath: folder).appendingPathComponent("tokenizer.json").path
    let json: Data
    do {
      json = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      let problem =
        FileManager.default.fileExists(atPath: path)
        ? "cannot be read: \(error.localizedDescription)" : "the file does not exist"
      throw TokenizerError(source: path, field: "", problem: problem)
    }
    try self.init(json: json, source: path)
  }

  init(_ parts: TokenizerParts) { self.parts = parts }

  /// Takes the text of a `tokenizer.json`; errors call it `source`.
  package init(json: Data, source: String) throws(TokenizerError) {
    parts = try TokenizerParts(json: json, source: source)
  }

  /// The highest id + 1, with added tokens. Ids below it need not all have a token.
  package var vocabularySize: Int { parts.vocabulary.count }

  /// The id of a token as the file spells it ("Ġthe", "<|im_start|>").
  package func id(of token: String) -> Int32? {
    parts.vocabulary.ids[Array(token.utf8)]
  }

  /// The token as it is spelled in the file ("Ġthe", "<|im_start|>"); for its text use `decode`.
  package func token(of id: Int32) -> String? {
    parts.vocabulary.spelling(of: id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether decoding skips the token as special.
  package func isSpecial(_ id: Int32) -> Bool {
    parts.vocabulary.isSpecial(id)
  }

  /// The bytes that a token adds to a text, which need not be whole characters; nil for an id without token.
  package func bytes(of id: Int32) -> [UInt8]? {
    if let byte = parts.vocabulary.byte(of: id) { return [byte] }
    return parts.vocabulary.content(of: id).map(Array.init)
  }

  /// The text of a sequence of ids.
  ///
  /// Ids without a token add nothing. Bytes that are not UTF-8 become U+FFFD, one for each maximal part of a character
  /// (Unicode, section 3.9), as in Rust's `from_utf8_lossy`.
  package func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool = true) -> String {
    var decoding = Decoding(parts, skipSpecialTokens: skipSpecialTokens)
    for id in ids { decoding.append(id) }
    decoding.finish()
    return String(decoding: decoding.bytes, as: UTF8.self)
  }
}
