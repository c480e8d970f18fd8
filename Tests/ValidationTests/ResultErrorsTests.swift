import Testing
import Validation

/// What counts as an error of a result, beside that of all values together.
struct ResultErrorsTests {
  private let bound = 1e-6
  /// A row that is 2⁷⁰ times as large as the one behind it, and a row of zeros.
  private let expected: [Float] = [0x1p70, -0x1p70, 0x1p70, 0x1p70, 1, -1, 1, 1, 0, 0, 0, 0]

  private func errors(
    _ found: [Float], _ expected: [Float], columns: Int = 4, narrowest: Int = 1, smallest: Double = 0
  ) -> ResultErrors {
    ResultErrors(
      OpResult(values: found, columns: columns), OpResult(values: expected, columns: columns), narrowest: narrowest,
      smallest: smallest)
  }

  /// What is wrong with `expected` but for one value.
  private func problem(_ index: Int, _ value: Float) -> String? {
    var found = expected
    found[index] = value
    return errors(found, expected).problem(bound: bound)
  }

  @Test func whatIsExpectedIsRight() { #expect(errors(expected, expected).problem(bound: 0) == nil) }

  @Test func aSmallRowBesideALargeOneCounts() {
    // Of a norm of 2, so ten times the bound, and five times.
    #expect(problem(5, -1 - 20e-6) == "row 1: relative error 1.0013580322265625e-05, expected at most 8e-06")
    #expect(problem(5, -1 - 10e-6) == nil)
    #expect(problem(5, 1) != nil)
  }

  @Test func aRowOfZerosMustBeZeros() {
    #expect(problem(9, .leastNonzeroMagnitude) != nil)
    #expect(problem(9, -0.0) == nil)
  }

  @Test func aSingleValueCounts() {
    // Of 4096 values one is 64 bounds off: one bound of the row.
    let expected = [Float](repeating: 1, count: 4096)
    var found = expected
    found[700] = 1 + 64e-6
    let errors = errors(found, expected, columns: 4096)
    #expect(errors.rowRelative < 1.01 * bound && errors.worstValue == (0, 700))
    #expect(errors.problem(bound: 2.1 * bound) == nil)
    #expect(errors.problem(bound: 1.9 * bound)?.hasPrefix("row 0, column 700: off by") == true)
  }

  @Test func rowsThatNeedNotBeRight() {
    var found = expected
    found[5] = 1
    #expect(errors(found, expected, narrowest: 5).problem(bound: bound) == nil)
    #expect(errors(found, expected, smallest: 1.5).problem(bound: bound) == nil)
    #expect(errors(found, expected, narrowest: 4, smallest: 0.5).problem(bound: bound) != nil)
  }

  @Test func valuesThatShouldBeNaNDoNotCount() {
    #expect(errors([1, 2, 3, 4], [1, .nan, 3, 4]).problem(bound: 0) == nil)
    #expect(errors([1, .nan, 3, 4], [1, 2, 3, 4]).problem(bound: bound) != nil)
    #expect(errors([1, 2, 3], [1, 2, 3, 4]).problem(bound: bound) != nil)
  }
}
