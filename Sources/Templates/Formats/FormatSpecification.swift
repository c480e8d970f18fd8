import Foundation

/// How one value is written: what stands behind the colon in `{:>8.2f}`, or between `%` and a letter.
struct FormatSpecification {
  var fill = " "
  /// `<`, `>`, `^` or `=`; nil for the default of the value's kind.
  var alignment: Character?
  /// `-`, `+` or a space.
  var sign: Character = "-"
  var isAlternate = false
  var width = 0
  /// `,` or `_` between thousands.
  var grouping: Character?
  var precision: Int?
  var kind: Character?

  init() {}

  /// Reads `[[fill]align][sign][#][0][width][grouping][.precision][kind]`.
  init(_ text: String) throws {
    var rest = Array(text)[...]
    func isAlignment(_ character: Character?) -> Bool { character.map { "<>=^".contains($0) } ?? false }
    if isAlignment(rest.dropFirst().first), let first = rest.first {
      fill = String(first)
      alignment = rest.dropFirst().first
      rest = rest.dropFirst(2)
    } else if isAlignment(rest.first) {
      alignment = rest.popFirst()
    }
    if let first = rest.first, "+- ".contains(first) { sign = rest.removeFirst() }
    if rest.first == "#" {
      isAlternate = true
      rest.removeFirst()
    }
    if rest.first == "0" {
      if alignment == nil { (fill, alignment) = ("0", "=") }
      rest.removeFirst()
    }
    width = try Self.number(&rest) ?? 0
    if let first = rest.first, first == "," || first == "_" { grouping = rest.removeFirst() }
    if rest.first == "." {
      rest.removeFirst()
      guard let digits = try Self.number(&rest) else { throw Problem("a format without digits behind its dot") }
      precision = digits
    }
    kind = rest.popFirst()
    if !rest.isEmpty { throw Problem("the format \"\(text)\" is not known") }
  }

  static func number(_ rest: inout ArraySlice<Character>) throws -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    guard let value = Int(String(digits)), value <= 100_000 else { throw Problem("a format wider than 100000") }
    return value
  }

  func text(_ value: Value, _ renderer: Renderer) throws -> String {
    switch value {
    case .text(let text): return try padded(cut(text.string), isNumber: false)
    case .bool where kind == nil && width == 0: return try renderer.printed(value)
    case .int(let value): return try padded(integer(value), isNumber: true)
    case .bool(let value): return try padded(integer(value ? 1 : 0), isNumber: true)
    case .double(let value): return try padded(real(value), isNumber: true)
    default:
      if width > 0 || kind != nil || precision != nil { throw Problem("\(value.kind) cannot be formatted") }
      return try renderer.printed(value)
    }
  }

  private func cut(_ text: String) throws -> String {
    guard kind == nil || kind == "s" else { throw Problem("a string cannot be formatted as \"\(kind ?? "s")\"") }
    guard let precision else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(precision)))
  }

  private func signed(_ digits: String, isNegative: Bool) -> String {
    (isNegative ? "-" : sign == "-" ? "" : String(sign)) + digits
  }

  private func integer(_ value: Int) throws -> String {
    let radix: Int
    let prefix: String
    switch kind {
    case nil, "d", "n": (radix, prefix) = (10, "")
    case "x", "X": (radix, prefix) = (16, "0x")
    case "o": (radix, prefix) = (8, "0o")
    case "b": (radix, prefix) = (2, "0b")
    case "c":
      guard let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) else {
        throw Problem("no character \(value)")
      }
      return String(scalar)
    default: return try real(Double(value))
    }
    let digits = grouped(String(value.magnitude, radix: radix))
    let text = (isAlternate ? prefix : "") + digits
    return signed(kind == "X" ? text.uppercased() : text, isNegative: value < 0)
  }

  private func grouped(_ digits: String) -> String {
    guard let grouping else { return digits }
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(grouping) }
      result.append(digit)
    }
    return result
  }

  private func real(_ value: Double) throws -> String {
    let magnitude = value.magnitude
    let digits: String
    switch kind {
    case nil where precision == nil: digits = PythonNumber.text(magnitude)
    case "f", "F": digits = String(format: "%.*f", precision ?? 6, magnitude)
    case "e": digits = String(format: "%.*e", precision ?? 6, magnitude)
    case "E": digits = String(format: "%.*E", precision ?? 6, magnitude)
    case nil, "g", "n": digits = String(format: "%.*g", precision ?? 6, magnitude)
    case "G": digits = String(format: "%.*G", precision ?? 6, magnitude)
    case "%": digits = String(format: "%.*f%%", precision ?? 6, magnitude * 100)
    default: throw Problem("a number cannot be formatted as \"\(kind ?? "g")\"")
    }
    let whole = digits.prefix { $0.isNumber }
    return signed(grouped(String(whole)) + digits.dropFirst(whole.count), isNegative: value.sign == .minus)
  }

  private func padded(_ text: String, isNumber: Bool) throws -> String {
    let count = text.unicodeScalars.count
    guard width > count else { return text }
    func filling(_ count: Int) -> String { String(repeating: fill, count: count) }
    let missing = width - count
    switch alignment ?? (isNumber ? ">" : "<") {
    case "<": return text + filling(missing)
    case "^": return filling(missing / 2) + text + filling(missing - missing / 2)
    case "=":
      let sign = text.prefix { "+- ".contains($0) }.prefix(1)
      return sign + filling(missing) + text.dropFirst(sign.count)
    default: return filling(missing) + text
    }
  }
}
