import JSON
import TestSupport
import Testing

struct JSONParserNumberTests {
  @Test(arguments: [
    ("0", 0.0), ("-0", 0), ("12", 12), ("-7", -7), ("1.5", 1.5), ("1e3", 1000), ("1E+3", 1000), ("25e-2", 0.25),
    ("-0.5e1", -5), ("1000000.0", 1e6), ("100000000000000000000", 1e20),
    ("1e-400", 0), ("1e05", 1e5), ("1e-05", 1e-5), ("0e0", 0), ("0.1", 0.1),
    ("1.7976931348623157e308", .greatestFiniteMagnitude), ("5e-324", .leastNonzeroMagnitude),
    // Half way between two doubles: to the even one; and just above it.
    ("9007199254740993.0", 9_007_199_254_740_992), ("9007199254740993.0000000000000000000001", 9_007_199_254_740_994),
  ])
  func readsNumbers(text: String, expected: Double) throws {
    switch try json("{\"n\":\(text)}")["n"] {
    case .int(let value): #expect(Double(value) == expected)
    case .double(let value): #expect(value == expected)
    case let other: Issue.record("found \(other?.summary ?? "nothing")")
    }
  }

  @Test(arguments: [
    ("0", 0), ("-0", 0), ("9223372036854775807", Int.max), ("-9223372036854775808", .min), ("-1", -1), ("10", 10),
  ])
  func anIntegerHasNoFractionOrExponentAndFits(text: String, expected: Int) throws {
    #expect(try json(text) == .int(expected))
  }

  @Test(arguments: [
    ("1.0", 1.0), ("1e2", 100), ("-0.0", -0.0), ("9223372036854775808", 0x1p63), ("-9223372036854775809", -0x1p63),
    ("0e5", 0),
  ])
  func anyOtherNumberIsADouble(text: String, expected: Double) throws {
    guard case .double(let value) = try json(text) else {
      Issue.record("not a double")
      return
    }
    #expect(value.bitPattern == expected.bitPattern)
  }

  @Test(arguments: [
    ("NaN", Double.nan), ("Infinity", .infinity), ("-Infinity", -.infinity), ("1e999", .infinity),
    ("-1e999", -.infinity), ("1.8e308", .infinity),
  ])
  func onlyPythonHasNumbersThatAreNotFinite(text: String, expected: Double) throws {
    guard case .double(let value) = try pythonJSON("[\(text)]").first else {
      Issue.record("not a double")
      return
    }
    #expect(value == expected || value.isNaN && expected.isNaN)
    #expect(throws: JSONError.self) { try json("[\(text)]") }
  }

  @Test func manyDigitsAreReadToTheLast() throws {
    let digits = String(repeating: "9", count: 400)
    #expect(throws: JSONError.self) { try json(digits) }
    #expect(try pythonJSON(digits) == .double(.infinity))
    #expect(try json("0.\(digits)") == 1.0)
    #expect(try json("\(digits)e-400") == 1.0)
    #expect(try pythonJSON(String(repeating: "9", count: 1_000_000)) == .double(.infinity))
  }
}

extension JSONValue {
  fileprivate var first: JSONValue? {
    if case .array(let values) = self { values.first } else { nil }
  }
}
