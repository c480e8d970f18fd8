import JSON

/// How a model writes a call of a function in its answer.
enum ToolFormat: Sendable, Equatable {
  /// `<tool_call>{"name": …, "arguments": …}</tool_call>`: Hermes, Qwen.
  case tagged
  /// `[TOOL_CALLS] [{"name": …, "arguments": …}]`: Mistral.
  case listed
  /// `{"name": …, "parameters": …}`: Llama 3.
  case parameters
  /// `{"name": …, "arguments": …}`.
  case plain

  /// The format that a template tells the model to use.
  init(template: String) {
    if template.contains("<tool_call>") {
      self = .tagged
    } else if template.contains("[TOOL_CALLS]") {
      self = .listed
    } else if template.contains("\"parameters\":") {
      self = .parameters
    } else {
      self = .plain
    }
  }

  var argumentsName: String { self == .parameters ? "parameters" : "arguments" }

  /// What goes before and behind a call.
  var prefix: String {
    switch self {
    case .tagged: "<tool_call>\n"
    case .listed: "[TOOL_CALLS] ["
    case .parameters, .plain: ""
    }
  }

  var suffix: String {
    switch self {
    case .tagged: "\n</tool_call>"
    case .listed: "]"
    case .parameters, .plain: ""
    }
  }

  /// What an answer has where calls begin; nil where a call is the whole answer.
  var mark: String? {
    switch self {
    case .tagged: "<tool_call>"
    case .listed: "[TOOL_CALLS]"
    case .parameters, .plain: nil
    }
  }

  /// The calls of a text; nil if it is none.
  func calls(in text: String) -> [ToolCall]? {
    switch self {
    case .tagged:
      let parts = text.split(separator: "<tool_call>", omittingEmptySubsequences: true)
      var calls: [ToolCall] = []
      for part in parts where !part.allSatisfy(\.isWhitespace) {
        let body = part.split(separator: "</tool_call>", omittingEmptySubsequences: false).first ?? part
        guard let call = ToolCall(json: String(body)) else { return nil }
        calls.append(call)
      }
      return calls.isEmpty ? nil : calls
    case .listed:
      let body = text.replacing("[TOOL_CALLS]", with: "")
      guard case .array(let elements)? = try? JSONParser.parse(Array(body.utf8)) else { return nil }
      let calls = elements.compactMap(ToolCall.init)
      return calls.count == elements.count && !calls.isEmpty ? calls : nil
    case .parameters, .plain: return ToolCall(json: text).map { [$0] }
    }
  }
}

/// A call of a function.
struct ToolCall: Sendable, Equatable {
  var name: String
  /// JSON text.
  var arguments: String

  init(name: String, arguments: String) {
    self.name = name
    self.arguments = arguments
  }

  init?(json: String) {
    guard let value = try? JSONParser.parse(Array(json.utf8)) else { return nil }
    self.init(value)
  }

  init?(_ value: JSONValue) {
    guard case .object(let members) = value, case .string(let name)? = members["name"] else { return nil }
    self.name = name.text
    switch members["arguments"] ?? members["parameters"] {
    case .string(let text)?: arguments = text.text
    case .some(let value): arguments = value.text
    case nil: arguments = "{}"
    }
  }
}
