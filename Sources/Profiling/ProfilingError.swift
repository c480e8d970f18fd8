/// What cannot be profiled; the text names the option, file, field or device, and what was expected.
package struct ProfilingError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
