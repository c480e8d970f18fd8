/// 32 activations as integers of eight bits: value ≈ scale · code.
///
/// scale = m / 127 and code = value · (127 / m), rounded to the nearest, ties to even, for the largest magnitude m. Below
/// m = 1e-36 all are zero; if one is not finite the scale is NaN.
package enum ActivationCodes {
  package static let groupSize = 32

  /// What `values`, whole groups, become: scale · code.
  package static func rounded(_ values: some Collection<Float>) -> [Float] {
    var result = Array(values)
    for start in stride(from: 0, to: result.count, by: groupSize) {
      let group = start..<min(start + groupSize, result.count)
      let largest = result[group].reduce(Float(0)) { $1.isFinite ? max($0, abs($1)) : .nan }
      for index in group {
        guard largest.isFinite, largest >= 1e-36 else {
          result[index] = largest.isFinite ? 0 : .nan
          continue
        }
        result[index] = (result[index] * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127)
      }
    }
    return result
  }
}
