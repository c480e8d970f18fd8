/// `‖found − expected‖₂ / ‖expected‖₂`, in double precision.
///
/// Infinite if the lengths differ, if there is a NaN or an infinity on either side, or if only `expected` is all zero.
package func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  var difference = 0.0
  var size = 0.0
  for (a, b) in zip(found, expected) {
    difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
    size += Double(b) * Double(b)
  }
  guard difference.isFinite, size.isFinite else { return .infinity }
  return difference == 0 ? 0 : (difference / size).squareRoot()
}
