import Engine
import JSON

/// Answers of `/v1/chat/completions`.
struct ChatFormat: AnswerFormat {
  let model: ServedModel
  let request: ChatRequest
  /// Makes the names of calls.
  let id: String

  var object: JSONValue { "chat.completion" }
  var chunkObject: JSONValue { "chat.completion.chunk" }
  var idPrefix: String { "chatcmpl-" }
  var operation: String { "chat" }

  func choice(_ index: Int, _ whole: AnswerPart) -> JSONValue {
    var message = JSONMembers()
    _ = message.add("role", "assistant")
    _ = message.add("content", whole.text.isEmpty && !whole.calls.isEmpty ? nil : .text(whole.text))
    _ = message.add("refusal", nil)
    if !whole.reasoning.isEmpty { _ = message.add("reasoning_content", .text(whole.reasoning)) }
    if !whole.calls.isEmpty { _ = message.add("tool_calls", calls(whole, choice: index, withIndex: false)) }
    return object(index, "message", .object(message), whole)
  }

  func chunks(_ index: Int, _ part: AnswerPart, isFirst: Bool) -> [JSONValue] {
    var chunks: [JSONValue] = []
    if isFirst { chunks.append(object(index, "delta", ["role": "assistant", "content": ""], AnswerPart())) }
    var delta = JSONMembers()
    if !part.text.isEmpty { _ = delta.add("content", .text(part.text)) }
    if !part.reasoning.isEmpty { _ = delta.add("reasoning_content", .text(part.reasoning)) }
    if !part.calls.isEmpty { _ = delta.add("tool_calls", calls(part, choice: index, withIndex: true)) }
    var content = part
    content.finish = nil
    if !content.isEmpty { chunks.append(object(index, "delta", .object(delta), content)) }
    if part.finish != nil {
      chunks.append(object(index, "delta", .object(JSONMembers()), AnswerPart(finish: part.finish)))
    }
    return chunks
  }

  private func object(_ index: Int, _ name: String, _ message: JSONValue, _ part: AnswerPart) -> JSONValue {
    [
      "index": .int(index), name: message, "logprobs": logprobs(part),
      "finish_reason": part.finish.map(JSONValue.text) ?? nil,
    ]
  }

  private func calls(_ part: AnswerPart, choice: Int, withIndex: Bool) -> JSONValue {
    let calls = part.calls.enumerated().map { index, call -> JSONValue in
      var members = JSONMembers()
      if withIndex { _ = members.add("index", .int(index)) }
      _ = members.add("id", .text("call-\(id)-\(choice)-\(index)"))
      _ = members.add("type", "function")
      _ = members.add("function", ["name": .text(call.name), "arguments": .text(call.arguments)])
      return .object(members)
    }
    return .array(calls)
  }

  private func logprobs(_ part: AnswerPart) -> JSONValue {
    guard request.logprobs != nil, !part.logprobs.isEmpty else { return nil }
    let content = part.logprobs.map { own -> JSONValue in
      var members = entry(own.chosen)
      _ = members.add("top_logprobs", .array(own.top.map { .object(entry($0)) }))
      return .object(members)
    }
    return ["content": .array(content), "refusal": nil]
  }

  private func entry(_ entry: TokenLogprobs.Entry) -> JSONMembers {
    let (text, bytes) = model.spelling(of: entry.token)
    var members = JSONMembers()
    _ = members.add("token", .text(text))
    _ = members.add("logprob", .double(max(entry.logprob, -9999)))
    _ = members.add("bytes", .array(bytes.map { .int(Int($0)) }))
    return members
  }
}
