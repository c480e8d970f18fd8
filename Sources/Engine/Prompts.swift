package import Backend
package import Models
package import Tokenizers

extension GenerationRequest {
  /// What is generated unless the user says how much.
  package static let defaultMaxTokens = 128

  /// One request a text.
  ///
  /// - Parameters:
  ///   - sources: what errors call the texts: `prompt 1` and so on unless given.
  ///   - maxTokens: tokens to generate; by default `defaultMaxTokens`, less if the context is shorter.
  /// - Throws: `EngineError` naming the text that is empty, or does not fit into the context.
  package static func requests(
    for texts: [String], sources: [String]? = nil, _ files: ModelFiles, _ tokenizer: Tokenizer, maxTokens: Int?,
    sampling: SamplingOptions
  ) throws(EngineError) -> [GenerationRequest] {
    if let maxTokens, maxTokens < 1 { throw EngineError("max-tokens is \(maxTokens), expected 1 or more") }
    let context = files.description.maxPositions
    var requests: [GenerationRequest] = []
    for (index, text) in texts.enumerated() {
      let source = sources?[index] ?? "prompt \(index + 1)"
      guard !text.isEmpty else { throw EngineError("\(source): the text is empty") }
      let prompt = files.encode(text, with: tokenizer)
      try files.check(prompt, source: source)
      let room = context - prompt.count + 1
      if let maxTokens, maxTokens > room {
        throw EngineError(
          "\(source): with max-tokens \(maxTokens) the \(prompt.count) tokens do not fit into the context of "
            + "\(context), expected at most \(room)")
      }
      requests.append(
        GenerationRequest(
          prompt: prompt, maxTokens: maxTokens ?? min(defaultMaxTokens, room), sampling: sampling,
          stopTokens: files.stopTokens))
    }
    return requests
  }
}

extension [GenerationRequest] {
  /// KV cache positions that these requests need at once, in whole blocks.
  package var cachePositions: Int {
    reduce(0) { $0 + ($1.positions + Engine.blockSize - 1) / Engine.blockSize * Engine.blockSize }
  }

  package var promptTokens: Int { reduce(0) { $0 + $1.prompt.count } }
}

/// Token ids separated by commas or white space.
/// - Throws: `EngineError` naming the source and the entry that is not a token id.
package func parseTokens(_ text: String, source: String) throws(EngineError) -> [Int32] {
  var tokens: [Int32] = []
  for entry in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
    guard let token = Int32(entry) else {
      throw EngineError("\(source): entry \(tokens.count + 1) is \"\(entry)\", expected a token id")
    }
    tokens.append(token)
  }
  return tokens
}

extension ModelFiles {
  /// - Throws: `EngineError` naming the source, if no request can have this prompt: it is empty, too long, or has a token
  ///   outside the vocabulary.
  package func check(_ prompt: [Int32], source: String) throws(EngineError) {
    guard !prompt.isEmpty else { throw EngineError("\(source): there is no token, expected at least one") }
    guard prompt.count <= description.maxPositions else {
      throw EngineError("\(source): \(prompt.count) tokens, but the context holds \(description.maxPositions)")
    }
    let last = description.vocabularySize - 1
    if let index = prompt.firstIndex(where: { $0 < 0 || $0 > last }) {
      throw EngineError("\(source): token \(index + 1) is \(prompt[index]), expected 0 to \(last), the vocabulary")
    }
  }
}

extension Capture {
  /// As named tensors: `logits`, `hidden.i`, `router.i`.
  package func tensors(_ model: ModelDescription) -> [HostTensor] {
    func tensor<T: BitwiseCopyable>(_ name: String, _ format: ElementFormat, columns: Int, _ values: [T]) -> HostTensor
    {
      HostTensor(name: name, format: format, shape: [values.count / columns, columns], values: values)
    }
    return [tensor("logits", .f32, columns: model.vocabularySize, logits)]
      + hidden.enumerated().map { tensor("hidden.\($0)", .f32, columns: model.hiddenSize, $1) }
      + router.enumerated().filter { !$1.isEmpty }.map {
        tensor("router.\($0)", .i32, columns: model.chosenExperts, $1)
      }
  }
}
