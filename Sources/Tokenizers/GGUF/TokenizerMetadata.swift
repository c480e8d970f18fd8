/// What the metadata of a GGUF file say of its tokenizer, as plain values. The names are those of the keys behind
/// `tokenizer.ggml.`.
package struct TokenizerMetadata: Sendable {
  /// The kinds of tokens in `token_type`.
  package enum Kind: Int32, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// `gpt2` (byte-level BPE), `llama` (SentencePiece BPE) or `gemma4` (BPE over characters).
  package var model: String
  /// How text is cut before merging; by default `default`.
  package var pre: String?
  /// By id, as they are spelled.
  package var tokens: [String]
  /// By id; higher is joined first. Of `llama` only.
  package var scores: [Float]?
  /// By id; numbers of `Kind`.
  package var kinds: [Int32]?
  /// Pairs with a space between, the first joined first. Of `gpt2` and `gemma4`.
  package var merges: [String]?
  package var bosToken: Int32?
  package var eosToken: Int32?
  package var unknownToken: Int32?
  /// Whether a text begins with `bosToken`; by default as the model and pre-tokenizer have it.
  package var addsBOS: Bool?
  package var addsEOS: Bool?
  /// Whether a space is put before a text; by default true for `llama`.
  package var addsSpacePrefix: Bool?

  package init(model: String, tokens: [String]) {
    self.model = model
    self.tokens = tokens
  }
}

extension Tokenizer {
  /// The tokenizer of a GGUF file; errors call it `source` and name the key.
  package convenience init(_ metadata: TokenizerMetadata, source: String) throws(TokenizerError) {
    self.init(try TokenizerParts(metadata, source: source))
  }
}
