import JSON

// Numbers, booleans and strings. `optionalX` gives nil for an absent field; a field of another type is an error always.
extension JSONObject {
  package func int(_ key: String) throws(CheckpointError) -> Int {
    guard let int = try optionalInt(key) else { throw error(key, expected: "an integer") }
    return int
  }

  package func int(_ key: String, default fallback: Int) throws(CheckpointError) -> Int {
    try optionalInt(key) ?? fallback
  }

  package func int(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
    guard let int = try optionalInt(key, in: range) else {
      throw error(key, expected: "an integer\(Self.limits(range))")
    }
    return int
  }

  package func int(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws(CheckpointError) -> Int {
    try optionalInt(key, in: range) ?? fallback
  }

  package func optionalInt(_ key: String) throws(CheckpointError) -> Int? {
    switch value(key) {
    case nil: return nil
    case .int(let int): return int
    default: throw error(key, expected: "an integer")
    }
  }

  package func optionalInt(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int? {
    switch value(key) {
    case nil: return nil
    case .int(let int) where range.contains(int): return int
    default: throw error(key, expected: "an integer\(Self.limits(range))")
    }
  }

  /// The number in the field; finite.
  package func double(_ key: String) throws(CheckpointError) -> Double {
    guard let double = try optionalDouble(key) else { throw error(key, expected: "a number") }
    return double
  }

  package func double(_ key: String, default fallback: Double) throws(CheckpointError) -> Double {
    try optionalDouble(key) ?? fallback
  }

  package func double(_ key: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double {
    guard let double = try optionalDouble(key, in: range) else {
      throw error(key, expected: "a number\(Self.limits(range))")
    }
    return double
  }

  package func double(
    _ key: String, default fallback: Double, in range: ClosedRange<Double>
  ) throws(CheckpointError) -> Double {
    try optionalDouble(key, in: range) ?? fallback
  }

  package func optionalDouble(_ key: String) throws(CheckpointError) -> Double? {
    switch value(key) {
    case nil: return nil
    case .int(let int): return Double(int)
    case .double(let double) where double.isFinite: return double
    case .double: throw error(key, expected: "a finite number")
    default: throw error(key, expected: "a number")
    }
  }

  package func optionalDouble(_ key: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double? {
    guard let double = try optionalDouble(key) else { return nil }
    if !range.contains(double) { throw error(key, expected: "a number\(Self.limits(range))") }
    return double
  }

  package func bool(_ key: String) throws(CheckpointError) -> Bool {
    guard let bool = try optionalBool(key) else { throw error(key, expected: "true or false") }
    return bool
  }

  package func bool(_ key: String, default fallback: Bool) throws(CheckpointError) -> Bool {
    try optionalBool(key) ?? fallback
  }

  package func optionalBool(_ key: String) throws(CheckpointError) -> Bool? {
    switch value(key) {
    case nil: return nil
    case .bool(let bool): return bool
    default: throw error(key, expected: "true or false")
    }
  }

  package func string(_ key: String) throws(CheckpointError) -> String {
    guard let string = try optionalString(key) else { throw error(key, expected: "a string") }
    return string
  }

  package func string(_ key: String, default fallback: String) throws(CheckpointError) -> String {
    try optionalString(key) ?? fallback
  }

  package func optionalString(_ key: String) throws(CheckpointError) -> String? {
    switch value(key) {
    case nil: return nil
    case .string(let string): return string.text
    default: throw error(key, expected: "a string")
    }
  }

  /// The bounds of `range` for a message, without those that every value keeps.
  static func limits(_ range: ClosedRange<Int>) -> String {
    limits(range.lowerBound == .min ? nil : range.lowerBound, range.upperBound == .max ? nil : range.upperBound)
  }

  private static func limits(_ range: ClosedRange<Double>) -> String {
    let widest = Double.greatestFiniteMagnitude
    return limits(
      range.lowerBound == -widest ? nil : range.lowerBound, range.upperBound == widest ? nil : range.upperBound)
  }

  private static func limits<T>(_ lower: T?, _ upper: T?) -> String {
    switch (lower, upper) {
    case (nil, nil): ""
    case (let lower?, nil): " of at least \(lower)"
    case (nil, let upper?): " of at most \(upper)"
    case (let lower?, let upper?): " from \(lower) to \(upper)"
    }
  }
}
