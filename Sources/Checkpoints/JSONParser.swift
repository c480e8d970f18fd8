/// Reads one JSON text (RFC 8259) with nothing after it but white space.
///
/// Stricter than the standard where two readers could disagree: a name that occurs twice in one object, half of a
/// surrogate pair and bytes that are not UTF-8 are errors. Laxer in one place: `NaN`, `Infinity` and `-Infinity` are
/// numbers, because Python writes them into real `config.json` files.
struct JSONParser {
  /// Deeper nesting is refused, so that a hostile file cannot exhaust the stack.
  static let maximumDepth = 100

  private let bytes: [UInt8]
  private let source: String
  private var position = 0

  static func parse(_ bytes: [UInt8], source: String) throws(CheckpointError) -> JSONValue {
    var parser = JSONParser(bytes: bytes, source: source)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count { throw parser.error("text after the end of the value") }
    return value
  }

  private init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  private func error(_ text: String) -> CheckpointError {
    CheckpointError("\(source): not valid JSON at byte \(position): \(text)")
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

  private mutating func value(depth: Int) throws(CheckpointError) -> JSONValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try members(depth: depth))
    case UInt8(ascii: "["): return .array(try elements(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw error("the text ends where a value was expected")
    default: return try scalar()
    }
  }

  private mutating func members(depth: Int) throws(CheckpointError) -> JSONMembers {
    try enter(depth)
    var members = JSONMembers()
    skipSpace()
    if take("}") { return members }
    while true {
      skipSpace()
      if next != UInt8(ascii: "\"") { throw error("expected a name in quotes") }
      let name = try string()
      skipSpace()
      if !take(":") { throw error("expected \":\" after the name \(printable(name))") }
      let value = try value(depth: depth + 1)
      if !members.add(name, value) { throw error("the name \(printable(name)) occurs twice in one object") }
      skipSpace()
      if take("}") { return members }
      if !take(",") { throw error("expected \",\" or \"}\"") }
    }
  }

  private mutating func elements(depth: Int) throws(CheckpointError) -> [JSONValue] {
    try enter(depth)
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return elements }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return elements }
      if !take(",") { throw error("expected \",\" or \"]\"") }
    }
  }

  /// Passes the opening bracket of an object or list inside `depth` others.
  private mutating func enter(_ depth: Int) throws(CheckpointError) {
    if depth >= Self.maximumDepth { throw error("nested deeper than \(Self.maximumDepth) levels") }
    position += 1
  }

  /// A number or one of the words: what reaches to the next delimiter.
  private mutating func scalar() throws(CheckpointError) -> JSONValue {
    let start = position
    var end = position
    while end < bytes.count, Self.isScalar(bytes[end]) { end += 1 }
    let text = String(decoding: bytes[start..<end], as: UTF8.self)
    let result: JSONValue
    switch text {
    case "null": result = .null
    case "true": result = .bool(true)
    case "false": result = .bool(false)
    case "NaN": result = .double(.nan)
    case "Infinity": result = .double(.infinity)
    case "-Infinity": result = .double(-.infinity)
    default:
      guard let number = Self.number(bytes[start..<end], text: text) else {
        throw error(text.isEmpty ? "expected a value" : "expected a value, found \(printable(text))")
      }
      result = number
    }
    position = end
    return result
  }

  private static func isScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }

  /// The number of RFC 8259's grammar that `bytes` (`text`) spell, or nil.
  private static func number(_ bytes: ArraySlice<UInt8>, text: String) -> JSONValue? {
    var rest = bytes
    func digits(_ rest: inout ArraySlice<UInt8>) -> Int {
      let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
      rest = rest.dropFirst(count)
      return count
    }
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let leading = rest.first
    let whole = digits(&rest)
    if whole == 0 || (whole > 1 && leading == UInt8(ascii: "0")) { return nil }
    if rest.isEmpty, let value = Int(text) { return .int(value) }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      if digits(&rest) == 0 { return nil }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      if digits(&rest) == 0 { return nil }
    }
    guard rest.isEmpty, let value = Double(text) else { return nil }
    return .double(value)
  }

  private mutating func string() throws(CheckpointError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: content, as: UTF8.self) else { throw error("a string is not UTF-8") }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        position += 1
        content.append(contentsOf: String(Character(try escape())).utf8)
      case 0..<0x20: throw error("a control character inside a string")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw error("a string has no end")
  }

  /// The character of the escape whose letter is next.
  private mutating func escape() throws(CheckpointError) -> Unicode.Scalar {
    guard let letter = next else { throw error("a string has no end") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw error("an unknown escape in a string")
    }
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, take("\\"), take("u") else { throw error("half of a surrogate pair in a string") }
    let second = try codeUnit()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else { throw error("half of a surrogate pair in a string") }
    return scalar
  }

  /// The UTF-16 code unit that the next four hexadecimal digits give.
  private mutating func codeUnit() throws(CheckpointError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("expected four hexadecimal digits after \\u")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}
