/// A checkpoint that cannot be read or written; the text names the file and the tensor or field, what was found there
/// and what was expected.
package struct CheckpointError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// `text` from a file, made fit for a message: cut if it is long, `""` if it is empty, and with unprintable characters
/// escaped, so that a file cannot steer the terminal.
func printable(_ text: String) -> String {
  if text.isEmpty { return "\"\"" }
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
