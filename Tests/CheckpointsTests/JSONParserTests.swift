import Checkpoints
import Foundation
import Testing

/// The syntax, by RFC 8259; types and messages of fields are in `JSONObjectTests`.
struct JSONParserTests {
  @Test func readsEachKindOfValueAndKeepsTheOrderOfNames() throws {
    let object = try json(" {\"z\":1,\"a\" : [true , false,null],\t\"m\":{\"x\":\"y\"}, \"e\":{}, \"l\":[]}\r\n")
    #expect(object.keys == ["z", "a", "m", "e", "l"])
    #expect(try object.int("z") == 1)
    #expect(try object.object("m")?.string("x") == "y")
    #expect(try object.object("e")?.keys == [])
    #expect(try object.ints("l") == [])
  }

  @Test(arguments: [
    (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83d\ude00""#, "😀"), (#""é€😀""#, "é€😀"), (#""""#, ""), (#""\u0000""#, "\0"),
  ])
  func readsStrings(text: String, expected: String) throws {
    #expect(try json("{\"s\":\(text)}").string("s") == expected)
  }

  @Test(arguments: [
    ("0", 0.0), ("-0", 0), ("12", 12), ("-7", -7), ("1.5", 1.5), ("1e3", 1000), ("1E+3", 1000), ("25e-2", 0.25),
    ("-0.5e1", -5), ("1000000.0", 1e6), ("100000000000000000000", 1e20),
    ("1e-400", 0),
  ])
  func readsNumbers(text: String, expected: Double) throws {
    #expect(try json("{\"n\":\(text)}").double("n") == expected)
  }

  @Test(arguments: [
    "", " ", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{,}",
    "{\"a\":}",
    "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":1} x", "{\"a\":1}{", "{'a':1}", "\u{FEFF}{}", "{} // no",
    "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x10}",
    "{\"a\":1-2}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":inf}", "{\"a\":nan}", "{\"a\":--1}",
    "{\"a\":\"x}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\", "{\"a\":\"\n\"}",
    "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\",
    "{\"a\":\"\\ud800\\ud800\"}", "{\"a\":\"\\udc00\\ud800\"}",
  ])
  func refusesWhatIsNotJSON(text: String) {
    expectError("test.json: not valid JSON at byte ") { _ = try json(text) }
  }

  @Test func refusesBytesThatAreNotUTF8() {
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
      let data = Data(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8))
      expectError("x.json", "not UTF-8") { _ = try JSONObject(data: data, source: "x.json") }
    }
  }

  @Test func refusesANameThatOccursTwice() throws {
    expectError("test.json", "byte", "a.b", "twice") { _ = try json(#"{"a.b":1,"c":{},"a.b":1}"#) }
    expectError("test.json", "x", "twice") { _ = try json(#"{"a":[{"x":1,"\u0078":2}]}"#) }
    #expect(try json(#"{"x":1,"a":{"x":2}}"#).object("a")?.int("x") == 2)
  }

  @Test(arguments: ["[", "{\"a\":"])
  func refusesDeepNestingInsteadOfOverflowingTheStack(opening: String) {
    expectError("test.json", "nested") { _ = try json("{\"a\":" + String(repeating: opening, count: 1_000_000)) }
  }

  @Test func takesModestNesting() throws {
    let text = "{\"a\":" + String(repeating: "[", count: 60) + String(repeating: "]", count: 60) + "}"
    #expect(try json(text).has("a"))
  }
}
