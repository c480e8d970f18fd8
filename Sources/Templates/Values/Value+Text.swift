extension Value {
  /// Python's `str(value)`.
  func printed() throws -> String {
    switch self {
    case .text(let text): text.string
    case .undefined: ""
    default: try represented()
    }
  }

  /// Python's `repr(value)`.
  func represented() throws -> String {
    var result = ""
    try represent(into: &result, depth: 0)
    return result
  }

  private func represent(into result: inout String, depth: Int) throws {
    if depth > Budget.nesting || result.utf8.count > Budget.text { throw Problem("a value too large to be printed") }
    switch self {
    case .none: result += "None"
    case .bool(let value): result += value ? "True" : "False"
    case .int(let value): result += "\(value)"
    case .double(let value): result += PythonNumber.text(value)
    case .text(let text):
      result += text.isMarkup ? "Markup(\(Self.quoted(text.string)))" : Self.quoted(text.string)
    case .list(let list):
      result += list.isTuple ? "(" : "["
      try Self.represent(list.items, into: &result, depth)
      if list.isTuple, list.items.count == 1 { result += "," }
      result += list.isTuple ? ")" : "]"
    case .dict(let dict): try Self.represent(dict, into: &result, depth)
    case .range(let range):
      result += "range(\(range.start), \(range.stop)\(range.step == 1 ? "" : ", \(range.step)"))"
    case .view(let view):
      result += view.part == .keys ? "dict_keys([" : view.part == .values ? "dict_values([" : "dict_items(["
      try Self.represent(view.elements(), into: &result, depth)
      result += "])"
    case .namespace(let namespace):
      result += "<Namespace "
      try Self.represent(DictValue(namespace.attributes.map { (.string($0.name), $0.value) }), into: &result, depth)
      result += ">"
    case .undefined: result += "Undefined"
    case .iterator, .loop, .macro, .cycler, .method, .function: result += "<\(kind)>"
    }
  }

  private static func represent(_ items: [Value], into result: inout String, _ depth: Int) throws {
    for (index, item) in items.enumerated() {
      if index > 0 { result += ", " }
      try item.represent(into: &result, depth: depth + 1)
    }
  }

  private static func represent(_ dict: DictValue, into result: inout String, _ depth: Int) throws {
    result += "{"
    for (index, (key, value)) in dict.entries.enumerated() {
      if index > 0 { result += ", " }
      try key.represent(into: &result, depth: depth + 1)
      result += ": "
      try value.represent(into: &result, depth: depth + 1)
    }
    result += "}"
  }

  /// A string as Python spells it in source text.
  static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.utf8.contains(0x27) && !text.utf8.contains(0x22) ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", quote: result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.isPrintable: result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x100: result += "\\x" + PythonNumber.hexadecimal(scalar.value, digits: 2)
      case _ where scalar.value < 0x10000: result += "\\u" + PythonNumber.hexadecimal(scalar.value, digits: 4)
      default: result += "\\U" + PythonNumber.hexadecimal(scalar.value, digits: 8)
      }
    }
    return result + String(quote)
  }
}

/// Numbers as Python prints them.
enum PythonNumber {
  /// `repr` of a float.
  static func text(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return exponentPadded("\(value)")
  }

  /// Python writes an exponent with two digits at least.
  static func exponentPadded(_ text: String) -> String {
    guard let place = text.firstIndex(of: "e") else { return text }
    let digits = text[place...].drop { "e+-".contains($0) }
    return digits.count < 2 ? text[..<digits.startIndex] + "0" + digits : text
  }

  static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
