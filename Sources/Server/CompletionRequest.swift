import Engine
import JSON
import Tokenizers

/// The body of `/v1/completions`.
struct CompletionRequest: Sendable {
  var generation: GenerationFields
  var prompts: [[Int32]]
  var echoes: Bool
  /// How many of the most probable tokens are told with each token; nil for no log probabilities.
  var logprobs: Int?

  private static let mostLogprobs = 20

  init(_ fields: Fields, _ model: ServedModel, _ admission: Admission) throws(APIError) {
    try model.check(fields)
    if fields["suffix"] != nil { throw .invalid("suffix is not supported", param: "suffix") }
    generation = try GenerationFields(fields, defaults: model.sampling, vocabulary: model.vocabulary)
    prompts = try Self.prompts(fields, model) { [choices = generation.choices] count throws(APIError) in
      try admission.check(count * choices)
    }
    echoes = try fields.bool("echo") ?? false
    logprobs = try fields.int("logprobs", 0...Self.mostLogprobs)
    if generation.maxTokens == 0, !echoes {
      throw .invalid("max_tokens is 0, expected 1 or more without echo", param: "max_tokens")
    }
  }

  /// One text, several, one list of tokens, or several.
  /// - Parameter check: told how many there are before anybody makes tokens of them.
  private static func prompts(
    _ fields: Fields, _ model: ServedModel, check: (Int) throws(APIError) -> Void
  ) throws(APIError) -> [[Int32]] {
    let expected = "a string, a list of strings, a list of token ids, or a list of such lists"
    guard let value = fields["prompt"] else { throw fields.missing("prompt", expected: expected) }
    switch value {
    case .string(let text): return [try encode(text, model)]
    case .array(let elements):
      guard let first = elements.first else { throw fields.wrong("prompt", value, expected: expected) }
      if case .int = first { return [try fields.tokens("prompt", elements, vocabulary: model.vocabulary)] }
      try check(elements.count)
      var prompts: [[Int32]] = []
      for element in elements {
        switch element {
        case .string(let text): prompts.append(try encode(text, model))
        case .array(let tokens) where !tokens.isEmpty:
          prompts.append(try fields.tokens("prompt", tokens, vocabulary: model.vocabulary))
        default: throw fields.wrong("prompt", element, expected: expected)
        }
      }
      return prompts
    default: throw fields.wrong("prompt", value, expected: expected)
    }
  }

  private static func encode(_ text: JSONString, _ model: ServedModel) throws(APIError) -> [Int32] {
    try model.checkLength(text.text, param: "prompt")
    let tokens = model.files.encode(text.text, with: model.tokenizer)
    guard !tokens.isEmpty else { throw .invalid("prompt is empty, expected a text", param: "prompt") }
    return tokens
  }
}
