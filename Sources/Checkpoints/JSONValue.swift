/// A JSON value as it stands in a file, with integers told apart from other numbers and both from booleans.
///
/// Foundation's `JSONSerialization` gives one `NSNumber` for `true`, `1` and `1.0` and keeps one of two equal keys,
/// so it cannot refuse what a checkpoint must not contain.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits in `Int`.
  case int(Int)
  /// Any other number; infinite where the text is beyond `Double`.
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONMembers)

  /// The value in a few words, for the "found" of a message.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(""): "\"\""
    case .string(let value): "\"\(printable(value))\""
    case .array(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object, in the order of the file; names are unique.
package struct JSONMembers: Sendable, Equatable {
  package private(set) var names: [String] = []
  private var values: [String: JSONValue] = [:]

  package init() {}

  package subscript(name: String) -> JSONValue? { values[name] }

  /// Adds a member; false, with nothing changed, if the name is taken.
  package mutating func add(_ name: String, _ value: JSONValue) -> Bool {
    if values[name] != nil { return false }
    names.append(name)
    values[name] = value
    return true
  }
}
