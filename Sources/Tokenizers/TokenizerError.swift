/// Why a `tokenizer.json` cannot be used: the file, the field in it, and what is wrong there.
package struct TokenizerError: Error, CustomStringConvertible, Sendable {
  /// The file, as the caller named it.
  package let source: String
  /// The field's path, such as `model.merges[3]`; empty where the whole file is meant.
  package let field: String
  /// What was found and what was expected.
  package let problem: String

  init(source: String, field: String, problem: String) {
    self.source = source
    self.field = field
    self.problem = problem
  }

  package var description: String {
    field.isEmpty ? "\(source): \(problem)" : "\(source): \(field): \(problem)"
  }
}
