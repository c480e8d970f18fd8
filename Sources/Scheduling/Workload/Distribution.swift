/// Mean and percentiles of some numbers.
package struct Distribution: Sendable, Equatable, Encodable {
  package var count: Int
  package var mean: Double
  package var median: Double
  package var p90: Double
  package var p99: Double
  package var maximum: Double

  /// Percentile p of n sorted numbers lies at place p / 100 · (n − 1), between its neighbours in proportion, as numpy has
  /// it. All are 0 if there are no numbers.
  package init(_ values: [Double]) {
    let sorted = values.sorted()
    func percentile(_ p: Double) -> Double {
      guard let last = sorted.last else { return 0 }
      let place = p / 100 * Double(sorted.count - 1)
      let low = Int(place)
      guard low + 1 < sorted.count else { return last }
      return sorted[low] + (sorted[low + 1] - sorted[low]) * (place - Double(low))
    }
    count = sorted.count
    mean = sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count)
    median = percentile(50)
    p90 = percentile(90)
    p99 = percentile(99)
    maximum = sorted.last ?? 0
  }
}
