/// A model, batch or device that does not fit what an op can do; the text says which and what was expected.
package struct BackendError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
