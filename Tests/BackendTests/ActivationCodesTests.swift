import Backend
import Testing

struct ActivationCodesTests {
  /// By hand: the largest magnitude 2 becomes 127, so a step is 2/127; 1 is 63.5 steps, a tie that goes to even.
  @Test func valuesBecomeWholeStepsOfTheLargest() {
    var values = [Float](repeating: 0, count: 32)
    values[0..<4] = [1, -2, 0.3, -1]
    let step = Float(2) / 127
    let expected = [64 * step, -127 * step, 19 * step, -64 * step] + [Float](repeating: 0, count: 28)
    #expect(ActivationCodes.rounded(values) == expected)
  }

  @Test func groupsDoNotMeet() {
    let values = [Float](repeating: 127, count: 32) + [Float](repeating: 0.127, count: 32)
    let found = ActivationCodes.rounded(values)
    #expect(found == [Float](repeating: 127, count: 32) + [Float](repeating: 127 * (Float(0.127) / 127), count: 32))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aGroupThatIsNotFiniteIsNaN(value: Float) {
    var values = [Float](repeating: 1, count: 64)
    values[7] = value
    let found = ActivationCodes.rounded(values)
    #expect(found[..<32].allSatisfy { $0.isNaN })
    #expect(found[32...].allSatisfy { $0 == 127 * (Float(1) / 127) })
  }

  @Test func whatIsNearlyZeroIsZero() {
    let found = ActivationCodes.rounded([Float](repeating: .leastNonzeroMagnitude, count: 32))
    #expect(found.allSatisfy { $0 == 0 })
  }
}
