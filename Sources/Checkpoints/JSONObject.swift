package import Foundation
import JSON

/// The fields of a JSON object, read by type; each error names the file, the path of the field, what was found and what
/// was expected.
///
/// A field that is `null` counts as absent, as `transformers` writes it. Nothing is converted: `true` and `1.0` are no
/// integers, `1` is no boolean; only an integer may stand where a number is expected.
package struct JSONObject: Sendable {
  /// A file larger than this is refused: no configuration and no index comes near.
  package static let maximumByteCount = 100_000_000

  /// The file, for messages.
  package let source: String
  /// Where this object is inside the file, with a dot at the end: `rope_scaling.`; empty for the outermost.
  private let prefix: String
  let members: JSONMembers
  /// What fields are called where the object was made from metadata of another form, for messages.
  private let metadataKeys: [String: String]

  /// The object in the file at `path`.
  package init(file path: String) throws(CheckpointError) {
    let file = try MappedFile(path: path)
    if file.bytes.count > Self.maximumByteCount {
      throw CheckpointError(
        "\(path): found \(file.bytes.count) bytes, expected a JSON file of at most \(Self.maximumByteCount)")
    }
    try self.init(bytes: file.copy(0..<file.bytes.count), source: path)
  }

  /// The object in `data`; `source` is what messages call it.
  package init(data: Data, source: String) throws(CheckpointError) {
    try self.init(bytes: Array(data), source: source)
  }

  init(bytes: [UInt8], source: String) throws(CheckpointError) {
    let value: JSONValue
    do {
      // Python writes `NaN` and `Infinity` into real `config.json` files.
      value = try JSONParser.parse(bytes, allowingNonFinite: true)
    } catch {
      throw CheckpointError("\(source): not valid JSON at byte \(error.offset): \(error.problem)")
    }
    guard case .object(let members) = value else {
      throw CheckpointError("\(source): found \(value.summary), expected an object")
    }
    self.init(source: source, prefix: "", members: members)
  }

  /// The object with `members`; `keys` are the names that messages give fields from metadata of another form.
  init(source: String, prefix: String = "", members: JSONMembers, keys: [String: String] = [:]) {
    self.source = source
    self.prefix = prefix
    self.members = members
    metadataKeys = keys
  }

  /// The names of all fields, in the order of the file, also of those that are null.
  package var keys: [String] { members.map(\.name.text) }

  /// Whether the field is present and not null.
  package func has(_ key: String) -> Bool { value(key) != nil }

  /// The error of a field that is not what it must be: `/path/config.json: field a.b: found 3, expected …`.
  package func error(_ key: String, expected: String) -> CheckpointError {
    let found = value(key).map { "found \($0.summary)" } ?? "it is missing"
    let name = metadataKeys[key].map { "key \(printable($0))" } ?? "field \(printable(prefix + key))"
    return CheckpointError("\(source): \(name): \(found), expected \(expected)")
  }

  /// The value of the field; nil if it is absent or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = members[JSONString(key)], !value.isNull else { return nil }
    return value
  }
}

// Objects and lists.
extension JSONObject {
  /// The object in the field; nil if it is absent.
  package func object(_ key: String) throws(CheckpointError) -> JSONObject? {
    switch value(key) {
    case nil: return nil
    case .object(let members): return JSONObject(source: source, prefix: "\(prefix)\(key).", members: members)
    default: throw error(key, expected: "an object")
    }
  }

  /// The list of objects in the field; empty if it is absent.
  package func objects(_ key: String) throws(CheckpointError) -> [JSONObject] {
    guard has(key) else { return [] }
    let members = try list(key, expected: "a list of objects") { value -> JSONMembers? in
      if case .object(let members) = value { members } else { nil }
    }
    return members.enumerated().map { JSONObject(source: source, prefix: "\(prefix)\(key)[\($0)].", members: $1) }
  }

  /// The merges of a BPE model, `model.merges`, each as two parts with a space between: they are written as such, or as
  /// lists of two.
  package func mergeTexts() throws(CheckpointError) -> [String] {
    guard let model = try object("model") else { throw error("model", expected: "an object") }
    return try model.list("merges", expected: "a list of merges") { value in
      switch value {
      case .string(let text): text.text
      case .array(let parts):
        if parts.count == 2, case .string(let a) = parts[0], case .string(let b) = parts[1] {
          "\(a.text) \(b.text)"
        } else {
          nil
        }
      default: nil
      }
    }
  }

  /// The list of integers in the field, each in `range`.
  package func ints(
    _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
  ) throws(CheckpointError) -> [Int] {
    try list(key, expected: "a list of integers\(Self.limits(range))") {
      if case .int(let int) = $0, range.contains(int) { int } else { nil }
    }
  }

  /// The integer, or the list of integers, in the field, each in `range`: `eos_token_id` is written both ways.
  package func intOrInts(
    _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
  ) throws(CheckpointError) -> [Int] {
    switch value(key) {
    case .int(let int) where range.contains(int): return [int]
    case .array: return try ints(key, in: range)
    default: throw error(key, expected: "an integer or a list of integers\(Self.limits(range))")
    }
  }

  /// The list of strings in the field.
  package func strings(_ key: String) throws(CheckpointError) -> [String] {
    try list(key, expected: "a list of strings") { if case .string(let string) = $0 { string.text } else { nil } }
  }

  private func list<T>(
    _ key: String, expected: String, _ element: (JSONValue) -> T?
  ) throws(CheckpointError) -> [T] {
    guard case .array(let values) = value(key) else { throw error(key, expected: expected) }
    var result: [T] = []
    for (index, value) in values.enumerated() {
      guard let element = element(value) else {
        throw CheckpointError(
          "\(source): field \(printable("\(prefix)\(key)[\(index)]")): found \(value.summary), expected \(expected)")
      }
      result.append(element)
    }
    return result
  }
}
