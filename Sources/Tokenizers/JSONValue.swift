/// A parsed JSON text whose strings stay bytes.
///
/// Foundation's parsers give `String` keys, and two keys which are canonically equivalent ("é" as one scalar and as
/// two) are one key there, though they are two tokens here.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A number that is not an integer, or too large for `Int`.
  case number(Double)
  /// The string's UTF-8.
  case string([UInt8])
  case array([JSONValue])
  /// Keys in UTF-8 and values, in the file's order. A key may occur more than once.
  case object([(key: [UInt8], value: JSONValue)])

  /// What the value is, with an article, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "the number \(value)"
    case .number(let value): "the number \(value)"
    case .string(let bytes): "the string \(quoted(bytes))"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// A text from the file for a message: in quotes, and cut when it is long.
func quoted(_ bytes: some Collection<UInt8>) -> String {
  let limit = 400
  let text = String(decoding: bytes.prefix(limit), as: UTF8.self)
  return bytes.count > limit ? "\"\(text)…\"" : "\"\(text)\""
}
