/// Why a template cannot be read or rendered.
package struct TemplateError: Error, CustomStringConvertible, Sendable, Equatable {
  /// The template, as the caller named it.
  package var source: String
  /// Of the template, from 1; nil where the whole is meant.
  package var line: Int?
  package var problem: String
  /// Whether the template itself refused the conversation, by `raise_exception`.
  package var isRaised: Bool

  package init(source: String, line: Int?, problem: String, isRaised: Bool = false) {
    self.source = source
    self.line = line
    self.problem = problem
    self.isRaised = isRaised
  }

  package var description: String {
    let place = line.map { ": line \($0)" } ?? ""
    return "\(source)\(place): \(problem)"
  }
}

/// A problem whose place is not known yet.
struct Problem: Error {
  let text: String
  var isRaised = false

  init(_ text: String, isRaised: Bool = false) {
    self.text = text
    self.isRaised = isRaised
  }
}
