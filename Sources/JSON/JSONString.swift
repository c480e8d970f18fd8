/// A string of a JSON text: equal to another only if their UTF-8 is the same.
///
/// `String` takes "é" as one scalar and as two for equal, and a dictionary by `String` keeps one of them. In a
/// vocabulary they are two tokens, so names and strings are compared by their bytes.
package struct JSONString: Sendable, Hashable, ExpressibleByStringLiteral {
  /// Holds the UTF-8 of the file as it is.
  package let text: String

  package init(_ text: String) { self.text = text }
  package init(stringLiteral text: String) { self.text = text }

  package var bytes: [UInt8] { Array(text.utf8) }

  /// The string as JSON text spells it, in quotes.
  package var literal: String {
    var result = ""
    write(to: &result)
    return result
  }

  func write(to result: inout String) {
    result += "\""
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      result += text
    } else {
      writeEscaped(to: &result)
    }
    result += "\""
  }

  private func writeEscaped(to result: inout String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
