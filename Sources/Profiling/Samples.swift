/// What a measurement gave each time it was repeated.
package struct Samples: Sendable, Equatable {
  /// In ascending order.
  package let values: [Double]

  /// - Precondition: there is at least one.
  package init(_ values: [Double]) {
    precondition(!values.isEmpty)
    self.values = values.sorted()
  }

  package var least: Double { values[0] }

  /// The middle one, or the mean of the two in the middle.
  package var median: Double {
    let middle = values.count / 2
    return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
  }
}
