import JSON

/// How a model writes a call of a function in its answer.
enum ToolFormat: Sendable, Equatable {
  /// `<tool_call>{"name": …, "arguments": …}</tool_call>`: Hermes, Qwen.
  case tagged
  /// `[TOOL_CALLS] [{"name": …, "arguments": …}]`: Mistral.
  case listed
  /// `{"name": …, "parameters": …}`: Llama 3.
  case parameters
  /// A message to `functions.NAME`, whose text is the arguments: GPT-OSS.
  case harmony
  /// `{"name": …, "arguments": …}`.
  case plain

  /// The format that a template tells the model to use.
  init(template: String) {
    if template.contains("<tool_call>") {
      self = .tagged
    } else if template.contains("[TOOL_CALLS]") {
      self = .listed
    } else if template.contains("<|channel|>"), template.contains("to=functions") {
      self = .harmony
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
    case .harmony, .parameters, .plain: ""
    }
  }

  var suffix: String {
    switch self {
    case .tagged: "\n</tool_call>"
    case .listed: "]"
    case .harmony, .parameters, .plain: ""
    }
  }

  /// What an answer has where calls begin; nil where a call is the whole answer.
  var mark: String? {
    switch self {
    case .tagged: "<tool_call>"
    case .listed: "[TOOL_CALLS]"
    case .harmony, .parameters, .plain: nil
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
    // Messages to functions are no text of the answer.
    case .harmony: return nil
    }
  }

  /// What an answer has to begin with that is JSON, or a call of one of these functions; nil where it begins with the JSON.
  func opening(forced functions: [ToolUse.Function], isJSON: Bool) -> String? {
    guard self == .harmony else { return nil }
    if functions.isEmpty { return isJSON ? "<|channel|>final <|constrain|>json<|message|>" : nil }
    // Of several the name comes with the arguments.
    let name = functions.count == 1 ? "." + functions[0].name : ""
    return "<|channel|>commentary to=functions\(name) <|constrain|>json<|message|>"
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

  /// A message to `functions.NAME` with the arguments, or to `functions` with name and arguments.
  init?(recipient: String, text: String) {
    guard let dot = recipient.firstIndex(of: ".") else {
      self.init(json: text)
      return
    }
    self.init(name: String(recipient[recipient.index(after: dot)...]), arguments: text)
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
