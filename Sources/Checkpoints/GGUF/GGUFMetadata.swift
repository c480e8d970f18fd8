import JSON

/// The metadata of a GGUF file, read by type; each error names the file, the key, what was found and what was expected.
package struct GGUFMetadata: Sendable {
  let path: String
  /// In the order of the file.
  package let keys: [String]
  private let values: [JSONString: GGUFValue]
  /// Where each value, with its type before it, stands in the file.
  private let extents: [JSONString: Range<Int>]
  private let file: MappedFile

  init(_ reader: inout GGUFReader, count: Int, path: String) throws(CheckpointError) {
    var keys: [String] = []
    var values: [JSONString: GGUFValue] = [:]
    var extents: [JSONString: Range<Int>] = [:]
    for index in 0..<count {
      let key = try reader.string("key \(index) of metadata", longest: GGUFReader.longestName)
      guard !key.isEmpty else { throw reader.error("key \(index) of metadata", "it is empty") }
      let start = reader.position
      let value = try reader.value("key \(printable(key))")
      extents[JSONString(key)] = start..<reader.position
      guard values.updateValue(value, forKey: JSONString(key)) == nil else {
        throw reader.error("key \(printable(key))", "it is there twice, expected each key once")
      }
      keys.append(key)
    }
    self.path = path
    self.keys = keys
    self.values = values
    self.extents = extents
    file = reader.file
  }

  /// The bytes of a key's value in the file, with its type before it.
  package func bytes(_ key: String) -> [UInt8] { extents[JSONString(key)].map(file.copy) ?? [] }

  subscript(key: String) -> GGUFValue? { values[JSONString(key)] }

  package func has(_ key: String) -> Bool { self[key] != nil }

  package func error(_ key: String, expected: String) -> CheckpointError {
    let found = self[key].map { "found \($0.summary)" } ?? "it is missing"
    return CheckpointError("\(path): key \(printable(key)): \(found), expected \(expected)")
  }

  /// The integer under `key`, in `range`.
  package func optionalInt(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int? {
    switch self[key] {
    case nil: return nil
    case .int(let value) where range.contains(value): return value
    default: throw error(key, expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  package func optionalString(_ key: String) throws(CheckpointError) -> String? {
    switch self[key] {
    case nil: return nil
    case .string(let value): return value
    default: throw error(key, expected: "a string")
    }
  }

  package func string(_ key: String) throws(CheckpointError) -> String {
    guard let string = try optionalString(key) else { throw error(key, expected: "a string") }
    return string
  }

  package func optionalBool(_ key: String) throws(CheckpointError) -> Bool? {
    switch self[key] {
    case nil: return nil
    case .bool(let value): return value
    default: throw error(key, expected: "true or false")
    }
  }

  package func optionalStrings(_ key: String) throws(CheckpointError) -> [String]? {
    try list(key, expected: "a list of strings", \.strings)
  }

  package func optionalFloats(_ key: String) throws(CheckpointError) -> [Float]? {
    try list(key, expected: "a list of numbers", \.floats)
  }

  package func optionalInts(_ key: String) throws(CheckpointError) -> [Int32]? {
    try list(key, expected: "a list of 32-bit integers", \.int32s)
  }

  private func list<T>(
    _ key: String, expected: String, _ elements: (GGUFArray) -> [T]?
  ) throws(CheckpointError) -> [T]? {
    guard let value = self[key] else { return nil }
    guard case .array(let array) = value, let elements = elements(array) else { throw error(key, expected: expected) }
    return elements
  }

  /// Key and value in a few words, in the order of the file.
  package var summaries: [(key: String, value: String)] { keys.map { ($0, self[$0]?.summary ?? "") } }
}
