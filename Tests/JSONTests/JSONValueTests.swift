import JSON
import TestSupport
import Testing

struct JSONValueTests {
  @Test func kindsAreToldApart() {
    let values: [JSONValue] = [nil, false, true, 0, 1, 0.0, 1.0, "", "1", "true", [], [1], [:], ["a": 1]]
    for (index, value) in values.enumerated() {
      for (other, otherValue) in values.enumerated() { #expect((value == otherValue) == (index == other)) }
      #expect(value.isNull == (index == 0))
    }
  }

  @Test(
    arguments: [
      (nil, "null"), (true, "true"), (7, "7"), (1.5, "1.5"), ("x", "\"x\""), ("", "\"\""), ([1, 2], "a list of 2"),
      (["a": 1], "an object"), ("\u{1B}[31m", "\"\\u{1B}[31m\""),
    ] as [(JSONValue, String)])
  func summarises(value: JSONValue, expected: String) {
    #expect(value.summary == expected)
  }
}
