/// A checkpoint that cannot be read or written; the text names the file and the tensor or field, what was found there
/// and what was expected.
package struct CheckpointError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
