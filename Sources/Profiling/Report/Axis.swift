import Foundation

/// Maps values to coordinates.
struct Axis {
  var low: Double
  var high: Double
  /// Coordinates of `low` and `high`.
  var start: Double
  var end: Double
  var isLogarithmic = false

  func callAsFunction(_ value: Double) -> Double {
    func place(_ v: Double) -> Double { isLogarithmic ? log(max(v, .leastNormalMagnitude)) : v }
    let range = place(high) - place(low)
    return range == 0 ? start : start + (place(value) - place(low)) / range * (end - start)
  }

  /// Powers of `base` inside the axis.
  func powers(of base: Double) -> [Double] {
    let first = (log(low) / log(base) - 1e-9).rounded(.up)
    let last = (log(high) / log(base) + 1e-9).rounded(.down)
    return first <= last ? stride(from: first, through: last, by: 1).map { pow(base, $0) } : []
  }
}
