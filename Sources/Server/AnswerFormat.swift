import JSON

/// How answers of a route are spelled.
protocol AnswerFormat: Sendable {
  /// A choice of an answer that comes as a whole.
  func choice(_ index: Int, _ whole: AnswerPart) -> JSONValue
  /// What is new in a choice of a stream; several where an answer's part has to come apart.
  func chunks(_ index: Int, _ part: AnswerPart, isFirst: Bool) -> [JSONValue]
  var object: JSONValue { get }
  var chunkObject: JSONValue { get }
  var idPrefix: String { get }
  /// What OpenTelemetry's conventions call it.
  var operation: String { get }
}

/// What every object of an answer has.
struct AnswerEnvelope: Sendable {
  let id: String
  let created: Int
  let model: String

  func object(_ object: JSONValue, choices: [JSONValue], usage: JSONValue?) -> JSONValue {
    var members = JSONMembers()
    _ = members.add("id", .text(id))
    _ = members.add("object", object)
    _ = members.add("created", .int(created))
    _ = members.add("model", .text(model))
    _ = members.add("choices", .array(choices))
    if let usage { _ = members.add("usage", usage) }
    return .object(members)
  }
}
