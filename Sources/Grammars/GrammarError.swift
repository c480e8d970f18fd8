/// A schema that no grammar can be made of; the text names the place in it, and what was expected.
package struct GrammarError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  init(_ description: String) { self.description = description }
}
