import Scheduling
import Testing

struct DistributionTests {
  /// numpy 2.3: `numpy.percentile([…], [50, 90, 99])`, linear interpolation.
  @Test(
    arguments: [
      ([3, 1, 2, 10], 2.5, 7.9, 9.79), ([5], 5, 5, 5), ([2, 1], 1.5, 1.9, 1.99), ([7, 7, 7, 1, 9], 7, 8.2, 8.92),
      ((1...101).map(Double.init), 51, 91, 100),
    ] as [([Double], Double, Double, Double)])
  func percentilesAreNumpys(values: [Double], median: Double, p90: Double, p99: Double) {
    let found = Distribution(values)
    #expect(abs(found.median - median) < 1e-12)
    #expect(abs(found.p90 - p90) < 1e-12)
    #expect(abs(found.p99 - p99) < 1e-12)
    #expect(found.maximum == values.max())
    #expect(found.count == values.count)
    #expect(abs(found.mean - values.reduce(0, +) / Double(values.count)) < 1e-12)
  }

  @Test func withoutNumbersAllIsZero() {
    let found = Distribution([])
    #expect(found.count == 0 && found.mean == 0 && found.median == 0 && found.p99 == 0 && found.maximum == 0)
  }
}
