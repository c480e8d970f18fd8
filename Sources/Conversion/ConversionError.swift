/// A model that cannot be converted; the text names the file and field, and what was expected.
package struct ConversionError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
