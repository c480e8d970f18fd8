/// The classes of a range of scalars.
struct ScalarTable: Sendable {
  private let first: UInt32
  /// Combinations of classes that occur, and by scalar which one it has.
  private let combinations: [ScalarClasses]
  private let index: [UInt8]

  init(_ range: Range<UInt32>) {
    var places: [ScalarClasses: UInt8] = [:]
    var combinations: [ScalarClasses] = []
    first = range.lowerBound
    index = range.map { scalar in
      let classes = ScalarClasses.classify(scalar)
      if let place = places[classes] { return place }
      let place = UInt8(combinations.count)
      places[classes] = place
      combinations.append(classes)
      return place
    }
    self.combinations = combinations
  }

  /// - Parameter scalar: in the range.
  @inline(__always)
  subscript(scalar: UInt32) -> ScalarClasses { combinations[Int(index[Int(scalar - first)])] }
}
