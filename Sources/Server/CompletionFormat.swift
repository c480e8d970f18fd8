import Engine
import JSON
import Tokenizers

/// Answers of `/v1/completions`.
struct CompletionFormat: AnswerFormat {
  let model: ServedModel
  let request: CompletionRequest

  var object: JSONValue { "text_completion" }
  var chunkObject: JSONValue { "text_completion" }
  var idPrefix: String { "cmpl-" }
  var operation: String { "text_completion" }

  func choice(_ index: Int, _ whole: AnswerPart) -> JSONValue { object(index, whole, withPrompt: request.echoes) }

  func chunks(_ index: Int, _ part: AnswerPart, isFirst: Bool) -> [JSONValue] {
    let withPrompt = isFirst && request.echoes
    // A token whose text is not whole yet, a piece of a character or what may be a stop string, is told of as well: clients
    // that count time and tokens see it when it is there.
    return part.isEmpty && part.tokens == 0 && !withPrompt ? [] : [object(index, part, withPrompt: withPrompt)]
  }

  private func object(_ index: Int, _ part: AnswerPart, withPrompt: Bool) -> JSONValue {
    let prompt = withPrompt ? request.prompts[index / request.generation.choices] : []
    let text = model.tokenizer.decode(prompt) + part.text
    return [
      "index": .int(index), "text": .text(text), "logprobs": logprobs(prompt, part),
      "finish_reason": part.finish.map(JSONValue.text) ?? nil,
    ]
  }

  private func logprobs(_ prompt: [Int32], _ part: AnswerPart) -> JSONValue {
    guard request.logprobs != nil else { return nil }
    var tokens: [JSONValue] = []
    var values: [JSONValue] = []
    var tops: [JSONValue] = []
    var offsets: [JSONValue] = []
    var offset = 0
    func add(_ token: Int32, _ own: TokenLogprobs?) {
      let text = model.spelling(of: token).text
      tokens.append(.text(text))
      values.append(own.map { .double($0.chosen.logprob) } ?? nil)
      tops.append(own.map(top) ?? nil)
      offsets.append(.int(offset))
      // The text does not have special tokens.
      if !model.tokenizer.isSpecial(token) { offset += text.unicodeScalars.count }
    }
    if let first = prompt.first { add(first, nil) }
    for (token, own) in zip(prompt.dropFirst(), part.promptLogprobs) { add(token, own) }
    for own in part.logprobs { add(own.chosen.token, own) }
    return [
      "tokens": .array(tokens), "token_logprobs": .array(values), "top_logprobs": .array(tops),
      "text_offset": .array(offsets),
    ]
  }

  /// The most probable tokens and the chosen one by their texts.
  private func top(_ own: TokenLogprobs) -> JSONValue {
    var members = JSONMembers()
    for entry in own.top + [own.chosen] {
      _ = members.add(JSONString(model.spelling(of: entry.token).text), .double(entry.logprob))
    }
    return .object(members)
  }
}
