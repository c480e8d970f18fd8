import Grammars
import JSON

/// What a chat's answer has to be.
enum ResponseFormat: Sendable, Equatable {
  case text
  case jsonObject
  case jsonSchema(JSONValue)

  init(_ fields: Fields) throws(APIError) {
    guard let format = try fields.object("response_format") else {
      self = .text
      return
    }
    switch try format.string("type") {
    case "text": self = .text
    case "json_object": self = .jsonObject
    case "json_schema":
      guard let schema = try format.object("json_schema") else {
        throw format.missing("json_schema", expected: "an object with a schema")
      }
      guard let value = schema["schema"] else { throw schema.missing("schema", expected: "a JSON schema") }
      self = .jsonSchema(value)
    case let other:
      throw format.wrong(
        "type", other.map(JSONValue.text) ?? .null, expected: "text, json_object or json_schema")
    }
  }

  /// Nil where any text will do.
  func grammar() throws(APIError) -> GrammarProgram? {
    do {
      switch self {
      case .text: return nil
      case .jsonObject: return try JSONSchema.anyObject()
      case .jsonSchema(let schema): return try JSONSchema.grammar(schema)
      }
    } catch {
      throw .invalid("\(error)", param: "response_format", code: "invalid_json_schema")
    }
  }
}
