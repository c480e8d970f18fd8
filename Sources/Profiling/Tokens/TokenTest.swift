/// One line of `strata bench`: so many tokens of prompt, and so many that are decoded one after the other, behind so many that
/// are in the cache already.
package struct TokenTest: Sendable, Equatable {
  package var promptTokens: Int
  package var generatedTokens: Int
  /// Requests at once.
  package var requests: Int
  /// Tokens of each request that are in the cache before it counts.
  package var depth: Int

  package init(promptTokens: Int, generatedTokens: Int, requests: Int, depth: Int = 0) {
    self.promptTokens = promptTokens
    self.generatedTokens = generatedTokens
    self.requests = requests
    self.depth = depth
  }

  /// In llama-bench's words: `pp512`, `tg128`, `pp512+tg128`, `tg128 @ d1024`; of several requests at once `tg128 @ b8`.
  package var name: String {
    let parts = [
      promptTokens > 0 ? "pp\(promptTokens)" : nil, generatedTokens > 0 ? "tg\(generatedTokens)" : nil,
    ]
    return parts.compactMap(\.self).joined(separator: "+") + (depth > 0 ? " @ d\(depth)" : "")
      + (requests > 1 ? " @ b\(requests)" : "")
  }

  /// Of all requests together.
  package var tokens: Int { requests * (promptTokens + generatedTokens) }

  /// Tokens that a request begins with behind those in the cache. Without a prompt the first one is decoded alone.
  var firstTokens: Int { max(promptTokens, 1) }

  /// Tokens that a request gives: the last of the prompt's pass gives one, and each decoded token the next one.
  var results: Int { promptTokens > 0 ? generatedTokens + 1 : generatedTokens }

  /// Positions in the context.
  var positions: Int { depth + promptTokens + generatedTokens }
}
