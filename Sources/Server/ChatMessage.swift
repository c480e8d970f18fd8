import JSON

/// A message of a conversation, as templates want it.
enum ChatMessage {
  private static let roles: Set<String> = ["system", "developer", "user", "assistant", "tool", "function"]

  /// The message with its content as one text, and the arguments of its tool calls as objects.
  static func forTemplate(_ message: Fields) throws(APIError) -> JSONValue {
    guard let role = try message.string("role") else { throw message.missing("role", expected: "a role") }
    guard roles.contains(role) else {
      throw message.wrong("role", .text(role), expected: roles.sorted().joined(separator: ", "))
    }
    var result = JSONMembers()
    _ = result.add("role", .text(role == "developer" ? "system" : role))
    let content = try content(message)
    let calls = try message.objects("tool_calls")
    if content == nil, calls == nil { throw message.missing("content", expected: "a text") }
    _ = result.add("content", .text(content ?? ""))
    if let calls { _ = result.add("tool_calls", .array(try calls.map(call))) }
    for member in message.members where member.name != "role" && member.name != "content" {
      _ = result.add(member.name, member.value)
    }
    return .object(result)
  }

  private static func content(_ message: Fields) throws(APIError) -> String? {
    guard let value = message["content"] else { return nil }
    if case .string(let text) = value { return text.text }
    guard case .array = value, let parts = try message.objects("content") else {
      throw message.wrong("content", value, expected: "a text or a list of texts")
    }
    var text = ""
    for part in parts {
      let type = try part.string("type") ?? "text"
      guard type == "text", let own = try part.string("text") else {
        throw part.wrong("type", .text(type), expected: "text, the only one that the model reads")
      }
      text += own
    }
    return text
  }

  /// Arguments come as JSON text, and templates write them as JSON.
  private static func call(_ call: Fields) throws(APIError) -> JSONValue {
    guard let function = try call.object("function"), let name = try function.string("name") else {
      throw call.missing("function", expected: "the name and the arguments of a function")
    }
    var arguments: JSONValue = function["arguments"] ?? .object(JSONMembers())
    if case .string(let text) = arguments, let parsed = try? JSONParser.parse(text.bytes) { arguments = parsed }
    return [
      "id": call["id"] ?? nil, "type": "function", "function": ["name": .text(name), "arguments": arguments],
    ]
  }
}
