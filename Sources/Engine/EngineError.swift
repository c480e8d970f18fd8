/// What a user asked for and cannot have; the text names the option, device or file, and what was expected.
package struct EngineError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
