package import Backend
import Engine

/// How fast the products of a layer's experts are, at one number of rows.
package struct ProductTime: Sendable, Encodable {
  package var format: ElementFormat
  /// Of each expert.
  package var rows: Int
  /// Of a pass over all experts: rows sorted, packed or quantised, both products.
  package var seconds: Double
  package var operationsPerSecond: Double
  package var bytesPerSecond: Double
  /// Over what the device gave just before: f32 multiply-adds, and reads of memory. Medians of the rounds' ratios.
  package var computeShare: Double
  package var bandwidthShare: Double
  /// Of each round.
  package var computeShares: [Double]
  package var bandwidthShares: [Double]
  /// What the device gave, medians.
  package var computeCeiling: Double
  package var bandwidthCeiling: Double

  static func lines(_ times: [ProductTime]) -> [String] {
    let head = ["format", "rows", "µs", "GFLOP/s", "x f32 peak", "GB/s", "x read"]
    let rows = times.map { time in
      [
        time.format.rawValue, "\(time.rows)", fixed(time.seconds * 1e6, 1), fixed(time.operationsPerSecond / 1e9, 1),
        fixed(time.computeShare, 2), fixed(time.bytesPerSecond / 1e9, 2), fixed(time.bandwidthShare, 2),
      ]
    }
    return Table(rows: [head] + rows, right: Set(1...6)).lines
  }
}
