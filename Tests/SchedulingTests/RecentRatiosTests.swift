import Foundation
import Scheduling
import TestSupport
import Testing

struct RecentRatiosTests {
  private func bound(after ratios: [Double], from initial: Double = 1) -> Double {
    var recent = RecentRatios(initial)
    for ratio in ratios { recent.append(ratio) }
    return recent.bound
  }

  @Test func itIsTheSecondLargest() {
    #expect(bound(after: []) == 1)
    #expect(bound(after: [0.2, 0.9]) == 1)
    #expect(bound(after: [7]) == 1)
    #expect(bound(after: [7, 0.5, 1.2]) == 1.2)
    #expect(bound(after: [2, 7]) == 2)
    #expect(bound(after: [7, 7]) == 7)
    #expect(bound(after: [1.5, 7, 3, 2]) == 3)
  }

  /// 128 ratios count: with two large ones first, that is 126 more; the next one takes the first one's place.
  @Test func twoOutliersAreForgotten() {
    let outliers = [5.0, 5]
    #expect(bound(after: outliers + Array(repeating: 1.1, count: 126)) == 5)
    #expect(bound(after: outliers + Array(repeating: 1.1, count: 127)) == 1.1)
  }

  @Test func whatWasKnownBeforeCountsUntilItIsReplaced() {
    #expect(bound(after: Array(repeating: 1, count: 126), from: 1.4) == 1.4)
    #expect(bound(after: Array(repeating: 1, count: 127), from: 1.4) == 1)
    #expect(RecentRatios(0.3).bound == 1)
  }

  /// Quantiles at u of distributions above 1: uniform, exponential, and a Pareto one without a mean.
  private static let quantiles: [@Sendable (Double) -> Double] = [
    { 1 + $0 }, { 1 - 0.1 * log(1 - $0) }, { 1 / (1 - $0) },
  ]

  /// The new one is among the two largest of 129 with a probability of 2 / 129, whatever the distribution. With 20,000
  /// ratios the share's standard deviation is below 6 % of it.
  @Test(arguments: quantiles.indices)
  func itIsExceededAsOftenAsItSays(distribution: Int) {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var recent = RecentRatios()
    var exceeded = 0
    let count = 20_000
    for index in 0..<128 + count {
      let ratio = Self.quantiles[distribution](.random(in: 0..<1, using: &random))
      if index >= 128, ratio > recent.bound { exceeded += 1 }
      recent.append(ratio)
    }
    #expect(abs(Double(exceeded) / Double(count) / (2.0 / 129) - 1) < 0.3, "seed \(seed)")
  }

  /// The second largest of n from [0, 1] is (n − 1) / (n + 1) on average; the mean of 2,000 has a standard deviation of
  /// 0.0003.
  @Test func itIsTheKnownQuantileOnAverage() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var sum = 0.0
    for _ in 0..<2000 {
      let ratios = (0..<128).map { _ in 1 + Double.random(in: 0..<1, using: &random) }
      sum += bound(after: ratios)
    }
    #expect(abs(sum / 2000 - 1 - 127.0 / 129) < 0.002, "seed \(seed)")
  }
}
