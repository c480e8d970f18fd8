/// A set of scalars: `[^\r\n\p{L}]`, `\s`, `.` or one character.
struct ScalarSet: Sendable {
  /// What has one of these classes is in it.
  private var classes: ScalarClasses = []
  /// What has none of the classes of one of these is in it.
  private var complements: [ScalarClasses] = []
  private var ranges: [ClosedRange<UInt32>] = []
  private var isNegated = false
  /// Bit n for the scalar n below 128, once `finish` was called.
  private var ascii: (low: UInt64, high: UInt64) = (0, 0)

  init() {}

  init(_ classes: ScalarClasses, isNegated: Bool = false) {
    insert(classes, isNegated: isNegated)
    finish()
  }

  init(scalars: [UInt32], isNegated: Bool = false) {
    ranges = scalars.map { $0...$0 }
    self.isNegated = isNegated
    finish()
  }

  mutating func insert(_ classes: ScalarClasses, isNegated: Bool) {
    if isNegated { complements.append(classes) } else { self.classes.formUnion(classes) }
  }

  mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

  mutating func insert(_ other: ScalarSet) {
    classes.formUnion(other.classes)
    complements += other.complements
    ranges += other.ranges
  }

  mutating func negate() { isNegated.toggle() }

  /// To be called after the last change.
  mutating func finish() {
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [ClosedRange<UInt32>] = []
    for range in ranges {
      if let last = merged.last, range.lowerBound <= last.upperBound &+ 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
    ascii = (0, 0)
    for value in UInt32(0)..<64 where holds(value) { ascii.low |= 1 << UInt64(value) }
    for value in UInt32(64)..<128 where holds(value) { ascii.high |= 1 << UInt64(value - 64) }
  }

  @inline(__always)
  func contains(_ scalar: UInt32) -> Bool {
    if scalar < 64 { return ascii.low >> UInt64(scalar) & 1 != 0 }
    if scalar < 128 { return ascii.high >> UInt64(scalar - 64) & 1 != 0 }
    return holds(scalar)
  }

  private func holds(_ scalar: UInt32) -> Bool {
    let own = ScalarClasses.of(scalar)
    if !own.isDisjoint(with: classes) { return !isNegated }
    if isInRanges(scalar) || complements.contains(where: { own.isDisjoint(with: $0) }) { return !isNegated }
    return isNegated
  }

  private func isInRanges(_ scalar: UInt32) -> Bool {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if scalar > ranges[middle].upperBound {
        low = middle + 1
      } else if scalar < ranges[middle].lowerBound {
        high = middle
      } else {
        return true
      }
    }
    return false
  }

  /// The bits of the scalars below 128 that are in one of two sets.
  static func asciiUnion(_ left: (low: UInt64, high: UInt64), _ right: ScalarSet) -> (low: UInt64, high: UInt64) {
    (left.low | right.ascii.low, left.high | right.ascii.high)
  }
}
