package import Tokenizers

/// A tokenizer's tokens as grammars need them; made once, and shared.
package final class GrammarVocabulary: Sendable {
  let tokens: TokenBytes
  private let places: [Int32: Int]

  package init(_ tokenizer: Tokenizer) {
    tokens = TokenBytes(tokenizer)
    places = tokens.places
  }

  /// The bytes of a token; empty for one that no text has.
  func bytes(of token: Int32) -> ArraySlice<UInt8> { places[token].map { tokens.bytes(at: $0) } ?? [] }
}
