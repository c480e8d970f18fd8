import Grammars
import JSON

/// The functions that a chat's answer may call, and whether it has to.
struct ToolUse: Sendable {
  struct Function: Sendable {
    var name: String
    /// A JSON schema; nil for a function of no arguments.
    var parameters: JSONValue?
  }

  /// As the client described them, for the template.
  var rendered: JSONValue
  var functions: [Function]
  /// Functions of which one has to be called.
  var forced: [Function] = []

  var isForced: Bool { !forced.isEmpty }

  /// Nil without tools, or where none may be used.
  init?(_ fields: Fields) throws(APIError) {
    let choice = fields["tool_choice"]
    guard let tools = try fields.objects("tools"), !tools.isEmpty else {
      if let choice, choice != "none", choice != "auto" {
        throw .invalid("tool_choice is \(choice.summary), but there are no tools", param: "tool_choice")
      }
      return nil
    }
    functions = []
    for tool in tools {
      guard try tool.string("type") == "function", let function = try tool.object("function") else {
        throw tool.missing("function", expected: "a tool of type function")
      }
      guard let name = try function.string("name"), !name.isEmpty else {
        throw function.missing("name", expected: "a function's name")
      }
      functions.append(Function(name: name, parameters: try function.object("parameters").map { .object($0.members) }))
    }
    rendered = .array(tools.map { .object($0.members) })
    switch choice {
    case nil, "auto"?: break
    case "none"?: return nil
    case "required"?: forced = functions
    case .object(let members)?:
      let named = try Fields(members, path: "tool_choice.").object("function")?.string("name")
      forced = functions.filter { $0.name == named }
      guard isForced else {
        throw .invalid("tool_choice names \(quoted(named ?? "")), which is none of the tools", param: "tool_choice")
      }
    case .some(let other):
      throw fields.wrong("tool_choice", other, expected: "none, auto, required or a function")
    }
  }

  /// One call of one of the forced functions, as the model's format spells it; nil where nothing is forced.
  func grammar(_ format: ToolFormat) throws(APIError) -> GrammarProgram? {
    guard isForced else { return nil }
    if format == .harmony, forced.count == 1 {
      return try Self.grammar(forced[0].parameters ?? ["type": "object"], format)
    }
    let arguments = format.argumentsName
    let calls = forced.enumerated().map { index, function -> JSONValue in
      let parameters = function.parameters?.rebased(to: "#/anyOf/\(index)/properties/\(arguments)")
      return [
        "type": "object",
        "properties": ["name": ["const": .text(function.name)], arguments: parameters ?? ["type": "object"]],
        "required": ["name", .text(arguments)],
      ]
    }
    return try Self.grammar(["anyOf": .array(calls)], format)
  }

  private static func grammar(_ schema: JSONValue, _ format: ToolFormat) throws(APIError) -> GrammarProgram {
    do {
      return try JSONSchema.grammar(schema, prefix: format.prefix, suffix: format.suffix)
    } catch {
      throw .invalid("\(error)", param: "tools", code: "invalid_json_schema")
    }
  }
}

extension JSONValue {
  /// A schema whose references lead into itself, where it is a part of another one at `place`.
  fileprivate func rebased(to place: String) -> JSONValue {
    switch self {
    case .array(let elements): return .array(elements.map { $0.rebased(to: place) })
    case .object(let members):
      var result = JSONMembers()
      for member in members {
        var value = member.value.rebased(to: place)
        if member.name == "$ref", case .string(let pointer) = value, pointer.text.hasPrefix("#") {
          value = .text(place + pointer.text.dropFirst())
        }
        _ = result.add(member.name, value)
      }
      return .object(result)
    default: return self
    }
  }
}
