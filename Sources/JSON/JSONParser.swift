/// Reads one JSON text (RFC 8259) with nothing after it but white space, in time linear in its length.
///
/// Stricter than the standard where two readers could disagree: a name that occurs twice in one object, half of a
/// surrogate pair and bytes that are not UTF-8 are errors.
package struct JSONParser {
  /// Deeper nesting is refused, so that a hostile file cannot exhaust the stack.
  package static let maximumDepth = 128

  private let bytes: [UInt8]
  private let allowsNonFinite: Bool
  private var position = 0

  /// The value that `bytes` spell.
  ///
  /// `allowingNonFinite` is for files that Python writes: `NaN`, `Infinity` and `-Infinity` are numbers there, and one
  /// beyond `Double` is infinite. Otherwise both are errors, as the standard has no such numbers.
  package static func parse(_ bytes: [UInt8], allowingNonFinite: Bool = false) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: bytes, allowsNonFinite: allowingNonFinite)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count { throw parser.error("expected the end of the text") }
    return value
  }

  private init(bytes: [UInt8], allowsNonFinite: Bool) {
    self.bytes = bytes
    self.allowsNonFinite = allowsNonFinite
  }

  /// The error of what is at `offset`, or else at the current position.
  private func error(_ problem: String, at offset: Int? = nil) -> JSONError {
    JSONError(offset: offset ?? position, problem: problem)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(truncatingIfNeeded: character.value) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try members(depth: depth))
    case UInt8(ascii: "["): return .array(try elements(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return try number()
    case nil: throw error("the text ends where a value was expected")
    default: return try word()
    }
  }
}

// Objects and lists.
extension JSONParser {
  private mutating func members(depth: Int) throws(JSONError) -> JSONMembers {
    try enter(depth)
    var members = JSONMembers()
    skipSpace()
    if take("}") { return members }
    while true {
      skipSpace()
      let start = position
      if next != UInt8(ascii: "\"") { throw error("expected a key in quotes") }
      let name = try string()
      skipSpace()
      if !take(":") { throw error("expected ':' after the key \(quoted(name.text))") }
      let value = try value(depth: depth + 1)
      if !members.add(name, value) { throw error("the key \(quoted(name.text)) occurs twice in one object", at: start) }
      skipSpace()
      if take("}") { return members }
      if !take(",") { throw error("expected ',' or '}'") }
    }
  }

  private mutating func elements(depth: Int) throws(JSONError) -> [JSONValue] {
    try enter(depth)
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return elements }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return elements }
      if !take(",") { throw error("expected ',' or ']'") }
    }
  }

  /// Passes the opening bracket of an object or list inside `depth` others.
  private mutating func enter(_ depth: Int) throws(JSONError) {
    if depth >= Self.maximumDepth { throw error("nested more than \(Self.maximumDepth) deep") }
    position += 1
  }
}

// Words and numbers.
extension JSONParser {
  /// The word that reaches to the next character that is no letter.
  private mutating func word() throws(JSONError) -> JSONValue {
    let letters = bytes[position...].prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
    let text = String(decoding: letters, as: UTF8.self)
    let result: JSONValue
    switch text {
    case "null": result = .null
    case "true": result = .bool(true)
    case "false": result = .bool(false)
    case "NaN" where allowsNonFinite: result = .double(.nan)
    case "Infinity" where allowsNonFinite: result = .double(.infinity)
    case "": throw error("expected a value")
    default: throw error("expected a value, found \(printable(text))")
    }
    position = letters.endIndex
    return result
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    if take("-"), next == UInt8(ascii: "I"), case .double(let value) = try word() { return .double(-value) }
    let whole = position
    try digits()
    if bytes[whole] == UInt8(ascii: "0"), position > whole + 1 {
      throw error("a number with a leading zero", at: start)
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      try digits()
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .int(value) }
    guard let value = Double(text), allowsNonFinite || value.isFinite else {
      throw error("a number out of range", at: start)
    }
    return .double(value)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    if position == start { throw error("expected a digit") }
  }
}

// Strings.
extension JSONParser {
  private mutating func string() throws(JSONError) -> JSONString {
    let start = position
    position += 1
    skipPlain()
    if next == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try text(bytes.span.extracting((start + 1)..<position), at: start)
    }
    var content = Array(bytes[(start + 1)..<position])
    while take("\\") {
      content.append(contentsOf: try escape().utf8)
      let plain = position
      skipPlain()
      content.append(contentsOf: bytes[plain..<position])
    }
    switch next {
    case UInt8(ascii: "\""):
      defer { position += 1 }
      return try text(content.span, at: start)
    case nil: throw error("the text ends inside a string")
    default: throw error("a control character in a string")
    }
  }

  /// Passes what stands for itself in a string.
  private mutating func skipPlain() {
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
  }

  /// The string with the content `utf8` that began at `start`.
  private func text(_ utf8: Span<UInt8>, at start: Int) throws(JSONError) -> JSONString {
    do {
      return JSONString(String(copying: try UTF8Span(validating: utf8)))
    } catch {
      throw self.error("a string is not UTF-8", at: start)
    }
  }

  /// The character of the escape whose letter is next.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    guard let letter = next else { throw error("the text ends inside a string") }
    let start = position - 1
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw error("an unknown escape in a string", at: start)
    }
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take("\\"), take("u") else { throw error("half a surrogate pair in a string", at: start) }
    let second = try codeUnit()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else { throw error("half a surrogate pair in a string", at: start) }
    return scalar
  }

  /// The UTF-16 code unit that the next four hexadecimal digits give.
  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case let byte? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte): digit = byte - UInt8(ascii: "0")
      case let byte? where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20):
        digit = (byte | 0x20) - UInt8(ascii: "a") + 10
      default: throw error("expected four hexadecimal digits after \\u")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}
