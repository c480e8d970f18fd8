package import Backend
import Reference

/// Compares a backend with the reference, case by case.
package enum Validator {
  /// What came of a case.
  package struct Report: Sendable {
    package var family: String
    package var name: String
    /// ‖found − expected‖ / ‖expected‖ over the values that are numbers.
    package var error: Double
    package var bound: Double
    /// The largest of that over a row, and of a value as a share of its row's root mean square, where they are bounded as
    /// `ResultErrors` has it.
    package var rowError: Double?
    package var valueError: Double?
    /// |found − expected| of a single value.
    package var maxError = 0.0

    package init(
      family: String, name: String, error: Double, bound: Double, maxError: Double = 0, problem: String? = nil
    ) {
      self.family = family
      self.name = name
      self.error = error
      self.bound = bound
      self.maxError = maxError
      self.problem = problem
    }

    /// The square of `error`, and of `bound`: the normalised mean squared error.
    package var nmse: Double { error * error }
    package var nmseBound: Double { bound * bound }
    /// What is wrong; nil if nothing is.
    package var problem: String?
    /// Of the bits of what was found; the same in one process only.
    package var bits: Int?
    /// The case's turn came when its device was lost.
    package var isNotRun = false
  }

  /// The op families, in the order in which they are checked.
  package static let families = OpFamily.allCases.map(\.rawValue)

  /// The table of cases.
  package static var cases: [any OpCase] {
    EmbeddingCase.all + NormCase.all + NormThenProductCase.all + CombineThenNormCase.all + LinearCase.all
      + HeadProductsCase.all + AttentionCase.all + AttentionThenProductCase.all + RouterCase.all + ExpertsCase.all
      + JoinedLaunchesCase.all
      + ModelShapes.cases
  }

  /// What the reference makes of a case, for a backend that takes activations so.
  package static func expected(_ test: any OpCase, _ activations: ActivationPrecision) throws -> OpResult {
    try test.run(ReferenceBackend(activations: activations), rows: 0..<test.rows)
  }

  /// Runs a case on `backend` and on the reference.
  ///
  /// - Parameters:
  ///   - expected: what the reference makes, where that is known.
  ///   - keepsDenormals: whether the device does not take numbers below 2⁻¹²⁶ for zero.
  /// - Returns: with a problem if the values are off, an element was not written, one outside was, another number of
  ///   rows gave other bits, or a second run did.
  /// - Throws: what the backend throws.
  package static func check<B: Backend>(
    _ test: any OpCase, on backend: B, expected: OpResult? = nil, keepsDenormals: Bool = true
  ) throws -> Report {
    let found = try test.run(backend, rows: 0..<test.rows)
    let expected = try expected ?? self.expected(test, backend.activations)
    let bound = test.bound(backend.activations)
    var report = Report(family: test.family, name: test.name, error: 0, bound: bound)
    let errors = ResultErrors(
      found, expected, narrowest: test.cancels ? ResultErrors.narrowest : 1,
      smallest: keepsDenormals ? 0 : ResultErrors.smallestWithoutDenormals)
    (report.error, report.maxError) = (errors.relative, errors.most)
    (report.rowError, report.valueError) = (errors.rowRelative, errors.share)
    report.bits = found.bitsHash
    if !found.isContained {
      report.problem = "wrote outside of its rows"
    } else if found.values.contains(poison) {
      report.problem = "left an element unwritten"
    } else if let row = misplacedNaN(found, expected) {
      report.problem = "row \(row): NaN where the reference has numbers, or the reverse"
    } else if let problem = errors.problem(bound: bound) {
      report.problem = problem
    } else if found.indices != expected.indices {
      report.problem = "indices \(found.indices.prefix(16)), expected \(expected.indices.prefix(16))"
    } else if found.totals != expected.totals {
      report.problem = "totals \(found.totals), expected \(expected.totals)"
    } else {
      report.problem = try repeated(test, on: backend, found)
    }
    return report
  }

  /// Runs what `check` runs on a backend, whatever comes of it: its kernels are built then.
  package static func build<B: Backend>(_ test: any OpCase, on backend: B) {
    guard let found = try? test.run(backend, rows: 0..<test.rows) else { return }
    _ = try? repeated(test, on: backend, found)
  }

  private static func misplacedNaN(_ found: OpResult, _ expected: OpResult) -> Int? {
    let pairs = zip(found.values, expected.values).enumerated()
    return pairs.first { $1.0.isNaN != $1.1.isNaN }.map { $0.offset / max(found.columns, 1) }
  }

  /// The same bits from the same rows in another batch, from a second run, and from products that are cut in another way.
  private static func repeated<B: Backend>(
    _ test: any OpCase, on backend: B, _ whole: OpResult
  ) throws -> String? {
    let perRow = test.rows > 0 ? whole.indices.count / test.rows : 0
    for part in [0..<test.rows] + test.parts {
      let again = try test.run(backend, rows: part)
      let values = whole.values[part.lowerBound * whole.columns..<part.upperBound * whole.columns]
      let indices = whole.indices[part.lowerBound * perRow..<part.upperBound * perRow]
      guard again.values.map(\.bitPattern) == values.map(\.bitPattern), again.indices == Array(indices) else {
        return "rows \(part) by themselves have other bits than in the batch of \(test.rows)"
      }
    }
    return try recut(test, on: backend, whole)
  }

  private static func recut<B: Backend>(
    _ test: any OpCase, on backend: B, _ whole: OpResult
  ) throws -> String? {
    guard [OpFamily.linear.rawValue, OpFamily.experts.rawValue].contains(test.family) else { return nil }
    let bits = whole.values.map(\.bitPattern)
    for cut in ProductCut.allCases {
      let again = try backend.cutting(cut, test.formats) { try test.run(backend, rows: 0..<test.rows) }
      if let again, again.values.map(\.bitPattern) != bits { return "cut in \(cut.rawValue) pieces it has other bits" }
    }
    return nil
  }
}
