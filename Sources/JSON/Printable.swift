/// `text` from a file, made fit for a message: cut if it is long, `""` if it is empty, and with unprintable characters
/// escaped, so that a file cannot steer the terminal.
package func printable(_ text: String) -> String { text.isEmpty ? "\"\"" : escaped(text) }

/// The same, in quotes.
package func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

/// The same for UTF-8.
package func quoted(_ bytes: some Collection<UInt8>) -> String { quoted(String(decoding: bytes, as: UTF8.self)) }

private func escaped(_ text: String) -> String {
  let limit = 200
  var result = ""
  for scalar in text.unicodeScalars.prefix(limit) {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
      result += scalar.escaped(asASCII: true)
    default: result.unicodeScalars.append(scalar)
    }
  }
  return text.unicodeScalars.count > limit ? result + "…" : result
}
