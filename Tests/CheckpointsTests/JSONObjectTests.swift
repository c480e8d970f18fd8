import Checkpoints
import Foundation
import TestSupport
import Testing

struct JSONObjectTests {
  @Test func namesFileFieldPathFoundAndExpected() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("config.json", #"{"rope_scaling": {"factor": "x"}}"#)
    let scaling = try #require(try JSONObject(file: path).object("rope_scaling"))
    let error = #expect(throws: CheckpointError.self) { _ = try scaling.double("factor") }
    #expect(error?.description == "\(path): field rope_scaling.factor: found \"x\", expected a number")
  }

  @Test func aBooleanIsNoIntegerAndTheReverse() throws {
    let object = try json(#"{"t": true, "one": 1, "zero": 0, "s": "1"}"#)
    expectError("test.json: field t: found true", "integer") { _ = try object.int("t") }
    expectError("field t", "number") { _ = try object.double("t") }
    expectError("field one: found 1", "true or false") { _ = try object.bool("one") }
    expectError("field zero: found 0", "true or false") { _ = try object.bool("zero", default: true) }
    expectError("field s: found \"1\"", "integer") { _ = try object.int("s", default: 3) }
    expectError("field one: found 1", "a string") { _ = try object.string("one") }
    #expect(try object.bool("t"))
    #expect(try object.double("one") == 1)
  }

  @Test(arguments: [
    ("{\"a\":[1,]}", "test.json: not valid JSON at byte 8: expected a value"),
    ("", "test.json: not valid JSON at byte 0: the text ends where a value was expected"),
    (#"{"a.b":1,"c":{},"a.b":1}"#, #"test.json: not valid JSON at byte 16: the key "a.b" occurs twice in one object"#),
  ])
  func namesFileAndPlaceOfWhatIsNotJSON(text: String, expected: String) {
    let error = #expect(throws: CheckpointError.self) { _ = try json(text) }
    #expect(error?.description == expected)
  }

  @Test func refusesBytesThatAreNotUTF8() {
    let data = Data(Array("{\"a\":\"".utf8) + [0xC0, 0x80] + Array("\"}".utf8))
    expectError("x.json: not valid JSON at byte 5", "not UTF-8") { _ = try JSONObject(data: data, source: "x.json") }
  }

  @Test func refusesDeepNesting() throws {
    expectError("test.json", "nested") { _ = try json("{\"a\":" + String(repeating: "[", count: 1_000_000)) }
    let text = "{\"a\":" + String(repeating: "[", count: 60) + String(repeating: "]", count: 60) + "}"
    #expect(try json(text).has("a"))
  }

  @Test func namesThatAreOnlyEquivalentAreTwo() throws {
    let object = try json("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(try object.int("\u{E9}") == 1)
    #expect(try object.int("e\u{301}") == 2)
    #expect(object.keys.map { Array($0.utf8) } == [[0xC3, 0xA9], [0x65, 0xCC, 0x81]])
  }

  @Test(arguments: ["1.5", "1.0", "1e2", "9223372036854775808", "-9223372036854775809", "1e999", "NaN", "Infinity"])
  func isNoInteger(text: String) throws {
    let object = try json("{\"n\": \(text), \"l\": [1, \(text)]}")
    expectError("test.json: field n: found", "an integer") { _ = try object.int("n") }
    expectError("test.json: field n: found", "an integer") { _ = try object.optionalInt("n") }
    expectError("test.json: field n: found", "from 0 to 5") { _ = try object.int("n", in: 0...5) }
    expectError("test.json: field l[1]: found", "integers") { _ = try object.ints("l") }
  }

  @Test func readsTheExtremesOfInt() throws {
    let object = try json(#"{"max": 9223372036854775807, "min": -9223372036854775808}"#)
    #expect(try object.int("max") == .max)
    #expect(try object.int("min") == .min)
  }

  @Test(arguments: ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
  func isNoFiniteNumber(text: String) throws {
    let object = try json("{\"n\": \(text)}")
    expectError("test.json: field n: found", "finite") { _ = try object.double("n") }
  }

  @Test func checksRanges() throws {
    let object = try json(#"{"n": 7, "x": 0.5}"#)
    #expect(try object.int("n", in: 7...7) == 7)
    #expect(try object.double("x", in: 0...0.5) == 0.5)
    #expect(try object.double("n", in: 0...10) == 7)
    expectError("field n: found 7", "from 1 to 6") { _ = try object.int("n", in: 1...6) }
    expectError("field n: found 7", "at least 8") { _ = try object.int("n", default: 9, in: 8...Int.max) }
    expectError("field x: found 0.5", "from 1.0 to 2.0") { _ = try object.double("x", in: 1...2) }
  }

  @Test func nullCountsAsAbsent() throws {
    let object = try json(#"{"a": null}"#)
    for key in ["a", "b"] {
      #expect(!object.has(key))
      #expect(try object.int(key, default: 4) == 4)
      #expect(try object.double(key, default: 0.5) == 0.5)
      #expect(try object.bool(key, default: true))
      #expect(try object.string(key, default: "d") == "d")
      #expect(try object.optionalInt(key) == nil)
      #expect(try object.optionalDouble(key) == nil)
      #expect(try object.optionalBool(key) == nil)
      #expect(try object.optionalString(key) == nil)
      #expect(try object.object(key) == nil)
      expectError("test.json: field \(key): it is missing", "an integer") { _ = try object.int(key) }
      expectError("field \(key): it is missing", "a number") { _ = try object.double(key) }
      expectError("field \(key): it is missing", "true or false") { _ = try object.bool(key) }
      expectError("field \(key): it is missing", "a string") { _ = try object.string(key) }
      expectError("field \(key): it is missing", "a list of strings") { _ = try object.strings(key) }
      expectError("field \(key): it is missing", "a list of integers") { _ = try object.ints(key) }
    }
    #expect(object.keys == ["a"])
  }

  @Test func readsListsOfOneType() throws {
    let object = try json(#"{"i": [1, -2], "s": ["x", ""], "one": 5, "mixed": ["x", 1], "b": [true]}"#)
    #expect(try object.ints("i") == [1, -2])
    #expect(try object.intOrInts("i") == [1, -2])
    #expect(try object.intOrInts("one") == [5])
    #expect(try object.strings("s") == ["x", ""])
    expectError("field mixed[1]: found 1", "strings") { _ = try object.strings("mixed") }
    expectError("field mixed[0]: found \"x\"", "integers") { _ = try object.intOrInts("mixed") }
    expectError("field b[0]: found true", "integers") { _ = try object.ints("b") }
    expectError("field one: found 5", "list") { _ = try object.ints("one") }
    expectError("field i[1]: found -2", "from 0 to 9") { _ = try object.intOrInts("i", in: 0...9) }
    expectError("field one: found 5", "from 0 to 4") { _ = try object.intOrInts("one", in: 0...4) }
  }

  @Test func theOutermostValueMustBeAnObject() {
    expectError("test.json: found a list of 1", "an object") { _ = try json("[1]") }
    expectError("test.json: found null", "an object") { _ = try json("null") }
    expectError("field a: found a list of 0", "an object") { _ = try json(#"{"a": []}"#).object("a") }
  }

  @Test func aFileCannotWriteToTheTerminal() throws {
    let object = try json(#"{"a": "\u001b[31m", "\u001b]0;": 1, "long": "\#(String(repeating: "x", count: 10_000))"}"#)
    for key in ["a", "\u{1B}]0;", "long"] {
      let error = #expect(throws: CheckpointError.self) { _ = try object.object(key) }
      let text = try #require(error?.description)
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
      #expect(text.count < 500)
    }
  }

  @Test func refusesAHugeFileBeforeReadingIt() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("config.json", "{}")
    try #require(truncate(path, 100_000_001) == 0)
    expectError(path, "100000001 bytes", "at most 100000000") { _ = try JSONObject(file: path) }
  }
}
