/// How far what was found is from what was expected. Values that should be NaN do not count.
package struct ResultErrors {
  /// What a row may be off by, in bounds of its op: the terms of its sums may be so much larger than what is left of them.
  package static let rowBounds = 8.0
  /// What a value may be off by, in bounds of its op times the root mean square of its row: four times what a row may.
  package static let valueBounds = 32.0
  /// Rows with fewer values have no bound of their own where sums can cancel: to nearly nothing in one value, but not in all of
  /// so many.
  package static let narrowest = 16
  /// Rows whose root mean square is below have none where the device takes numbers below 2⁻¹²⁶ for zero: one such number counts.
  package static let smallestWithoutDenormals = 0x1p-102

  /// ‖found − expected‖ / ‖expected‖ over all values.
  package private(set) var relative = 0.0
  /// The largest of that over the values of one row; a row of zeros must be zeros.
  package private(set) var rowRelative = 0.0
  package private(set) var worstRow = 0
  /// The largest |found − expected| of a value, as a share of the root mean square of its row.
  package private(set) var share = 0.0
  /// Row and column of that.
  package private(set) var worstValue = (row: 0, column: 0)
  /// The largest |found − expected|.
  package private(set) var most = 0.0

  /// - Parameters:
  ///   - narrowest: rows with fewer values have no error of their own.
  ///   - smallest: nor have those whose root mean square is below.
  package init(_ found: OpResult, _ expected: OpResult, narrowest: Int = 1, smallest: Double = 0) {
    guard found.values.count == expected.values.count, found.columns == expected.columns else {
      (relative, rowRelative, share, most) = (.infinity, .infinity, .infinity, .infinity)
      return
    }
    let columns = found.columns
    var (difference, norm) = (0.0, 0.0)
    for row in 0..<(columns > 0 ? found.values.count / columns : 0) {
      let sums = Sums(found.values, expected.values, row * columns..<(row + 1) * columns)
      difference += sums.difference
      norm += sums.norm
      most = max(most, sums.most)
      if sums.difference != 0, columns >= narrowest, sums.rms >= smallest { addRow(row, sums) }
    }
    relative = Self.ratio(difference, norm)
  }

  private mutating func addRow(_ row: Int, _ sums: Sums) {
    let own = Self.ratio(sums.difference, sums.norm)
    if own > rowRelative { (rowRelative, worstRow) = (own, row) }
    let part = sums.rms > 0 ? sums.most / sums.rms : .infinity
    if part > share { (share, worstValue) = (part, (row, sums.worst)) }
  }

  private static func ratio(_ difference: Double, _ norm: Double) -> Double {
    difference == 0 ? 0 : norm > 0 ? (difference / norm).squareRoot() : .infinity
  }

  /// Of one row.
  private struct Sums {
    var (difference, norm, most) = (0.0, 0.0, 0.0)
    /// The column of the value that is most off.
    var worst = 0
    private var finite = 0

    var rms: Double { finite > 0 ? (norm / Double(finite)).squareRoot() : 0 }

    init(_ found: [Float], _ expected: [Float], _ row: Range<Int>) {
      for index in row where !expected[index].isNaN {
        if expected[index].isFinite {
          norm += Double(expected[index]) * Double(expected[index])
          finite += 1
        }
        guard found[index] != expected[index] else { continue }
        let error = abs(Double(found[index]) - Double(expected[index]))
        difference += error * error
        if error > most { (most, worst) = (error, index - row.lowerBound) }
      }
    }
  }
}

extension ResultErrors {
  /// What is wrong where an op may be off by `bound`; nil if nothing is.
  package func problem(bound: Double) -> String? {
    // Not `>`: an error may be NaN.
    if !(relative <= bound) { return "relative error \(relative), expected at most \(bound)" }
    if !(rowRelative <= Self.rowBounds * bound) {
      return "row \(worstRow): relative error \(rowRelative), expected at most \(Self.rowBounds * bound)"
    }
    if !(share <= Self.valueBounds * bound) {
      return "row \(worstValue.row), column \(worstValue.column): off by \(share) of the root mean square of its row, "
        + "expected at most \(Self.valueBounds * bound)"
    }
    return nil
  }
}
