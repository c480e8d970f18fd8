/// How far above 1 the last ratios were, but for single outliers: their second largest, and at least 1.
///
/// One outlier does not count, and two are forgotten after `capacity` more ratios; a lasting change counts from its
/// second ratio on. If all ratios are independent and of one distribution, the next one exceeds the bound with a
/// probability of at most 2 / (`capacity` + 1), whatever the distribution is: its rank among all is any with the same
/// probability.
package struct RecentRatios: Sendable {
  package static let capacity = 128

  private var last: [Double]
  /// Where the next ratio goes: the place of the oldest one.
  private var next = 0
  package private(set) var bound: Double

  /// As if all of the last ratios had been `initial`.
  package init(_ initial: Double = 1) {
    last = Array(repeating: initial, count: Self.capacity)
    bound = max(1, initial)
  }

  package mutating func append(_ ratio: Double) {
    last[next] = ratio
    next = (next + 1) % Self.capacity
    var (largest, second) = (1.0, 1.0)
    for ratio in last {
      second = max(second, min(largest, ratio))
      largest = max(largest, ratio)
    }
    bound = second
  }
}
