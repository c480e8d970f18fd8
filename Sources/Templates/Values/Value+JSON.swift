import JSON

extension Value {
  init(_ json: JSONValue) throws {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let string): self = .string(string.text)
    case .array(let items): self = .list(try ListValue(try items.map { try Value($0) }))
    case .object(let members):
      self = .dict(try DictValue(try members.map { (.string($0.name.text), try Value($0.value)) }))
    }
  }
}

/// Python's `json.dumps`.
struct JSONText {
  var ensuresASCII = false
  /// What each level of nesting is indented by; nil for one line.
  var indent: String?
  var separators: (item: String, key: String)?
  var sortsKeys = false

  private var item: String { separators?.item ?? (indent == nil ? ", " : ",") }
  private var key: String { separators?.key ?? ": " }

  func text(_ value: Value) throws -> String {
    var result = ""
    try write(value, depth: 0, into: &result)
    return result
  }

  private func write(_ value: Value, depth: Int, into result: inout String) throws {
    if result.utf8.count > Budget.text { throw Problem("a text of more than \(Budget.text >> 20) MiB") }
    switch value {
    case .none: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .int(let value): result += "\(value)"
    case .double(let value): result += Self.number(value)
    case .text(let text): write(text.string, into: &result)
    case .list(let list):
      try write(list.items, "[", "]", depth, into: &result) { item, result in
        try write(item, depth: depth + 1, into: &result)
      }
    case .dict(let dict):
      var entries = dict.entries.map { ($0, $1) }
      if sortsKeys { entries = try entries.sorted { try $0.0.precedes($1.0) } }
      try write(entries, "{", "}", depth, into: &result) { entry, result in
        write(try Self.key(entry.0), into: &result)
        result += key
        try write(entry.1, depth: depth + 1, into: &result)
      }
    default: throw Problem("\(value.kind) cannot be written as JSON")
    }
  }

  private func write<Item>(
    _ items: [Item], _ open: String, _ close: String, _ depth: Int, into result: inout String,
    each: (Item, inout String) throws -> Void
  ) throws {
    result += open
    for (index, item) in items.enumerated() {
      if index > 0 { result += self.item }
      newLine(depth + 1, into: &result)
      try each(item, &result)
    }
    if !items.isEmpty { newLine(depth, into: &result) }
    result += close
  }

  private func newLine(_ depth: Int, into result: inout String) {
    guard let indent else { return }
    result += "\n" + String(repeating: indent, count: depth)
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return PythonNumber.text(value)
  }

  private static func key(_ value: Value) throws -> String {
    switch value {
    case .text(let text): text.string
    case .int, .double, .bool, .none: try JSONText().text(value)
    default: throw Problem("\(value.kind) cannot be a key in JSON")
    }
  }

  private func write(_ text: String, into result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case _ where scalar.value < 0x20 || ensuresASCII && scalar.value > 0x7E:
        for unit in String(scalar).utf16 {
          result += "\\u" + PythonNumber.hexadecimal(UInt32(unit), digits: 4)
        }
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
