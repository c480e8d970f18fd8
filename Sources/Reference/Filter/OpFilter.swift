package import Backend
import Foundation

/// The op families that the reference computes in place of a device: to find the one that a driver gets wrong.
package struct OpFilter: Sendable, Equatable {
  /// The environment variable that has the pattern.
  package static let environmentVariable = "STRATA_OP_FILTER"

  /// In the order of `OpFamily`.
  package let families: [OpFamily]

  /// Those whose name the regular expression `pattern` finds, in any case.
  /// - Throws: `BackendError` that names the variable, if it is none.
  package init(_ pattern: String) throws(BackendError) {
    let expression: Regex<AnyRegexOutput>
    do { expression = try Regex(pattern).ignoresCase() } catch {
      throw BackendError(
        "\(Self.environmentVariable) is \"\(pattern)\", expected a regular expression, such as Norm|Linear: \(error)")
    }
    families = OpFamily.allCases.filter { $0.rawValue.contains(expression) }
  }

  /// The filter of an environment; nil where that has none, or an empty one.
  package init?(environment: [String: String]) throws(BackendError) {
    guard let pattern = environment[Self.environmentVariable], !pattern.isEmpty else { return nil }
    try self.init(pattern)
  }

  /// The one of this process's environment; nil if it has none, or none that can be used.
  package static let ofProcess: OpFilter? = try? OpFilter(environment: ProcessInfo.processInfo.environment)

  /// What it does, for a person.
  package var summary: String {
    let names = (families.isEmpty ? OpFamily.allCases : families).map(\.rawValue).joined(separator: ", ")
    return families.isEmpty
      ? "nothing goes to the reference, as it matches none of \(names)" : "the reference computes \(names)"
  }
}
