import JSON

/// A value of the file together with where it is, so that every complaint names file and field.
struct JSONField {
  let value: JSONValue
  /// Such as `model.vocab`.
  let path: String
  let source: String

  func error(_ problem: String) -> TokenizerError {
    TokenizerError(source: source, field: path, problem: problem)
  }

  private func mismatch(_ expected: String) -> TokenizerError {
    error("found \(value.kind), expected \(expected)")
  }

  /// The member called `key`, or nil where it is missing or null.
  func optional(_ key: String) throws(TokenizerError) -> JSONField? {
    guard let value = try members()[JSONString(key)], !value.isNull else { return nil }
    return JSONField(value: value, path: path(of: key), source: source)
  }

  /// The member called `key`, which must be there and not be null.
  func required(_ key: String) throws(TokenizerError) -> JSONField {
    guard let field = try optional(key) else {
      throw TokenizerError(source: source, field: path(of: key), problem: "the field is missing or null")
    }
    return field
  }

  /// The path of the member called `key`, which may be a name from the file.
  private func path(of key: String) -> String {
    path.isEmpty ? printable(key) : "\(path).\(printable(key))"
  }

  func members() throws(TokenizerError) -> JSONMembers {
    guard case .object(let members) = value else { throw mismatch("an object") }
    return members
  }

  func elements() throws(TokenizerError) -> [JSONField] {
    guard case .array(let elements) = value else { throw mismatch("an array") }
    return elements.enumerated().map { JSONField(value: $1, path: "\(path)[\($0)]", source: source) }
  }

  func values() throws(TokenizerError) -> [JSONValue] {
    guard case .array(let elements) = value else { throw mismatch("an array") }
    return elements
  }

  func bytes() throws(TokenizerError) -> [UInt8] {
    guard case .string(let string) = value else { throw mismatch("a string") }
    return string.bytes
  }

  func string() throws(TokenizerError) -> String {
    guard case .string(let string) = value else { throw mismatch("a string") }
    return string.text
  }

  func bool() throws(TokenizerError) -> Bool {
    guard case .bool(let flag) = value else { throw mismatch("true or false") }
    return flag
  }

  func number() throws(TokenizerError) -> Double {
    switch value {
    case .int(let value): return Double(value)
    case .double(let value): return value
    default: throw mismatch("a number")
    }
  }

  /// A token's id: an integer from 0 to `Vocabulary.highestID`.
  func tokenID() throws(TokenizerError) -> Int32 {
    guard case .int(let value) = value, let id = Int32(exactly: value), id >= 0, id <= Vocabulary.highestID else {
      throw mismatch("an id from 0 to \(Vocabulary.highestID)")
    }
    return id
  }

  /// The boolean called `key`, or `fallback` where it is missing or null.
  func flag(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
    guard let field = try optional(key) else { return fallback }
    return try field.bool()
  }
}

extension JSONValue {
  /// What the value is, with an article, for messages.
  var kind: String {
    switch self {
    case .int, .double: "the number \(summary)"
    case .string: "the string \(summary)"
    case .array: "an array"
    case .null, .bool, .object: summary
    }
  }
}
