/// `range(start, stop, step)`.
struct RangeValue: Equatable {
  var start: Int
  var stop: Int
  var step: Int

  /// The last index, if there is one.
  private var last: UInt? {
    guard step > 0 ? start < stop : start > stop else { return nil }
    return (UInt(bitPattern: step > 0 ? stop &- start : start &- stop) - 1) / step.magnitude
  }

  var isTooLong: Bool { last.map { $0 >= UInt(Budget.range) } ?? false }

  var count: Int { last.map { Int($0) + 1 } ?? 0 }

  var items: [Int] { (0..<count).map { self[$0] } }

  subscript(index: Int) -> Int { start &+ index &* step }
}
