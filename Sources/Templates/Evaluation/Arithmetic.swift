import Foundation

/// Python's arithmetic on numbers. Integers beyond 64 bits are refused.
enum Arithmetic {
  static func negative(_ value: Value) throws -> Value {
    if let integer = value.integer { return .int(try checked(integer.multipliedReportingOverflow(by: -1))) }
    guard let number = value.number else { throw Problem("- cannot be put before \(value.kind)") }
    return .double(-number)
  }

  /// Nil if one of the two is no number.
  static func result(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value? {
    if let left = left.integer, let right = right.integer { return try integers(operation, left, right) }
    guard let left = left.number, let right = right.number else { return nil }
    switch operation {
    case .add: return .double(left + right)
    case .subtract: return .double(left - right)
    case .multiply: return .double(left * right)
    case .divide: return .double(try nonZero(right) { left / $0 })
    case .floorDivide: return .double(try nonZero(right) { (left / $0).rounded(.down) })
    case .remainder: return .double(try nonZero(right) { left - (left / $0).rounded(.down) * $0 })
    case .power: return .double(pow(left, right))
    }
  }

  private static func nonZero<Number: Numeric>(_ divisor: Number, _ body: (Number) throws -> Number) throws -> Number {
    if divisor == 0 { throw Problem("a division by zero") }
    return try body(divisor)
  }

  private static func integers(_ operation: BinaryOperator, _ left: Int, _ right: Int) throws -> Value {
    switch operation {
    case .add: return .int(try checked(left.addingReportingOverflow(right)))
    case .subtract: return .int(try checked(left.subtractingReportingOverflow(right)))
    case .multiply: return .int(try checked(left.multipliedReportingOverflow(by: right)))
    case .divide: return .double(try nonZero(Double(right)) { Double(left) / $0 })
    case .floorDivide:
      return .int(
        try nonZero(right) { right in
          let quotient = try checked(left.dividedReportingOverflow(by: right))
          return quotient * right != left && (left < 0) != (right < 0) ? quotient - 1 : quotient
        })
    case .remainder:
      return .int(
        try nonZero(right) { right in
          let rest = left.remainderReportingOverflow(dividingBy: right).partialValue
          return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest
        })
    case .power:
      guard right >= 0 else { return .double(pow(Double(left), Double(right))) }
      var result = 1
      for _ in 0..<min(right, 64) where left != 1 { result = try checked(result.multipliedReportingOverflow(by: left)) }
      // Beyond 64 steps only 0, 1 and -1 have not overflowed.
      return .int(left == -1 && right % 2 == 0 ? 1 : left == -1 ? -1 : result)
    }
  }

  static func checked(_ result: (partialValue: Int, overflow: Bool)) throws -> Int {
    if result.overflow { throw Problem("an integer of more than 64 bits") }
    return result.partialValue
  }
}

extension Arithmetic {
  static func powerOfTen(_ exponent: Int) -> Double { pow(10, Double(exponent)) }

  /// Rounded to `digits` behind the point, halves of the exact value to even, as Python's `round`.
  static func rounded(_ value: Double, digits: Int) -> Double {
    if digits < 0 { return (value / powerOfTen(-digits)).rounded(.toNearestOrEven) * powerOfTen(-digits) }
    return Double(String(format: "%.*f", digits, value)) ?? value
  }
}
