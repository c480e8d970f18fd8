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

  var isNull: Bool {
    if case .null = value { true } else { false }
  }

  /// The member called `key`, or nil where it is missing or null. Of two members with one key the last counts.
  func optional(_ key: String) throws(TokenizerError) -> JSONField? {
    let members = try members()
    let bytes = Array(key.utf8)
    guard let member = members.last(where: { $0.key == bytes }) else { return nil }
    if case .null = member.value { return nil }
    return JSONField(value: member.value, path: path.isEmpty ? key : "\(path).\(key)", source: source)
  }

  /// The member called `key`, which must be there and not be null.
  func required(_ key: String) throws(TokenizerError) -> JSONField {
    guard let field = try optional(key) else {
      let here = path.isEmpty ? key : "\(path).\(key)"
      throw TokenizerError(source: source, field: here, problem: "the field is missing or null")
    }
    return field
  }

  func members() throws(TokenizerError) -> [(key: [UInt8], value: JSONValue)] {
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
    guard case .string(let bytes) = value else { throw mismatch("a string") }
    return bytes
  }

  func string() throws(TokenizerError) -> String {
    String(decoding: try bytes(), as: UTF8.self)
  }

  func bool() throws(TokenizerError) -> Bool {
    guard case .bool(let flag) = value else { throw mismatch("true or false") }
    return flag
  }

  func number() throws(TokenizerError) -> Double {
    switch value {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    default: throw mismatch("a number")
    }
  }

  /// A token's id: an integer from 0 to `Vocabulary.highestID`.
  func tokenID() throws(TokenizerError) -> Int32 {
    guard case .integer(let value) = value, let id = Int32(exactly: value), id >= 0, id <= Vocabulary.highestID else {
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
