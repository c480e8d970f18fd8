/// All that encoding and decoding need, wherever it was read from.
struct TokenizerParts: Sendable {
  let vocabulary: Vocabulary
  let model: BytePairModel
  let normalizer: Normalizer
  let preTokenizer: PreTokenizer
  let decoder: TokenDecoder
  let postProcessor: PostProcessor
  /// Added tokens looked for in the text as it came.
  let rawTokens: AddedTokenMatcher
  /// Added tokens looked for in the normalised text.
  let normalisedTokens: AddedTokenMatcher
  /// Whether a space is put before each stretch of text between added tokens.
  var addsSpacePrefix = false
}
