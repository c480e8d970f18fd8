/// Why bytes are not a JSON text, and where; which file they are of, only the caller knows.
package struct JSONError: Error, Sendable, Equatable {
  /// In bytes from the start of the text.
  package let offset: Int
  package let problem: String
}
