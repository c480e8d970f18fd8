/// Reads a number as Jinja spells it: `1_000`, `0x1F`, `0b1`, `0o7`, `1.5`, `2e10`.
struct NumberLiteral {
  private let scalars: [Character]
  private let isIndex: Bool
  private(set) var length = 0

  /// - Parameter isIndex: behind a dot, where `0.1` is two numbers.
  init(_ scalars: some Sequence<Unicode.Scalar>, isIndex: Bool) {
    self.scalars = scalars.map(Character.init)
    self.isIndex = isIndex
  }

  private func digits(from start: Int, radix: Int = 10) -> Int {
    var end = start
    while end < scalars.count {
      if isDigit(end, radix) {
        end += 1
      } else if scalars[end] == "_", end > start, isDigit(end + 1, radix) {
        end += 2
      } else {
        break
      }
    }
    return end
  }

  private func isDigit(_ place: Int, _ radix: Int) -> Bool {
    place < scalars.count && scalars[place].isASCII && Int(String(scalars[place]), radix: radix) != nil
  }

  private func text(_ range: Range<Int>) -> String { String(scalars[range].filter { $0 != "_" }) }

  /// Nil for a number that is too large.
  mutating func read() -> Token.Kind? {
    if scalars[0] == "0", scalars.count > 2, let radix = ["b": 2, "o": 8, "x": 16][scalars[1].lowercased()] {
      let start = scalars[2] == "_" ? 3 : 2
      let end = digits(from: start, radix: radix)
      if end > start {
        length = end
        return Int(text(start..<end), radix: radix).map { .int($0) }
      }
    }
    var end = digits(from: 0)
    let whole = end
    if !isIndex {
      if end < scalars.count, scalars[end] == ".", isDigit(end + 1, 10) { end = digits(from: end + 1) }
      if end < scalars.count, scalars[end] == "e" || scalars[end] == "E" {
        let hasSign = end + 1 < scalars.count && (scalars[end + 1] == "+" || scalars[end + 1] == "-")
        let start = hasSign ? end + 2 : end + 1
        if isDigit(start, 10) { end = digits(from: start) }
      }
    }
    length = end
    return end == whole ? Int(text(0..<end)).map { .int($0) } : Double(text(0..<end)).map { .double($0) }
  }
}

/// Python's escapes in a string.
enum StringLiteral {
  static func text(of content: ArraySlice<Unicode.Scalar>) throws -> String {
    var result = String.UnicodeScalarView()
    var rest = content
    while let scalar = rest.popFirst() {
      guard scalar == "\\", let letter = rest.popFirst() else {
        result.append(scalar)
        continue
      }
      switch letter {
      case "\n": break
      case "\\", "'", "\"": result.append(letter)
      case "n": result.append("\n")
      case "r": result.append("\r")
      case "t": result.append("\t")
      case "a": result.append("\u{7}")
      case "b": result.append("\u{8}")
      case "f": result.append("\u{C}")
      case "v": result.append("\u{B}")
      case "x": result.append(try self.scalar(&rest, radix: 16, digits: 2...2))
      case "u": result.append(try self.scalar(&rest, radix: 16, digits: 4...4))
      case "U": result.append(try self.scalar(&rest, radix: 16, digits: 8...8))
      case "N": throw Problem("the escape \\N in a string is not supported")
      case "0"..."7":
        rest = content[(rest.startIndex - 1)...]
        result.append(try self.scalar(&rest, radix: 8, digits: 1...3))
      default:
        result.append("\\")
        result.append(letter)
      }
    }
    return String(result)
  }

  private static func scalar(
    _ rest: inout ArraySlice<Unicode.Scalar>, radix: Int, digits: ClosedRange<Int>
  ) throws -> Unicode.Scalar {
    let text = String(
      String.UnicodeScalarView(
        rest.prefix(digits.upperBound).prefix { $0.isASCII && Int(String($0), radix: radix) != nil }))
    guard text.utf8.count >= digits.lowerBound, let value = UInt32(text, radix: radix),
      let scalar = Unicode.Scalar(value)
    else { throw Problem("an escape in a string that is no character") }
    rest = rest.dropFirst(text.utf8.count)
    return scalar
  }
}
