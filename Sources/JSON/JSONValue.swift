/// A JSON value as it stands in a file, with integers told apart from other numbers and both from booleans.
///
/// Foundation's `JSONSerialization` gives one `NSNumber` for `true`, `1` and `1.0` and keeps one of two equal keys,
/// so it cannot refuse what a checkpoint must not contain.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits in `Int`.
  case int(Int)
  /// Any other number.
  case double(Double)
  case string(JSONString)
  case array([JSONValue])
  case object(JSONMembers)

  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The value in a few words, for the "found" of a message.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): quoted(value.text)
    case .array(let values): "a list of \(values.count)"
    case .object: "an object"
    }
  }
}
