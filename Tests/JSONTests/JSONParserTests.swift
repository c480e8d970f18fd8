import JSON
import TestSupport
import Testing

/// The syntax, by RFC 8259; what Checkpoints and Tokenizers make of values and errors is in their tests.
struct JSONParserTests {
  @Test func readsEachKindOfValueAndKeepsTheOrderOfNames() throws {
    let value = try json(" {\"z\":1,\"a\" : [true , false,null],\t\"m\":{\"x\":\"y\"}, \"e\":{}, \"l\":[]}\r\n")
    guard case .object(let members) = value else {
      Issue.record("not an object: \(value)")
      return
    }
    #expect(members.map(\.name) == ["z", "a", "m", "e", "l"])
    #expect(value == ["z": 1, "a": [true, false, nil], "m": ["x": "y"], "e": [:], "l": []])
  }

  @Test(
    arguments: [("null", nil), ("true", true), ("7", 7), ("\"x\"", "x"), (" [] ", []), ("\t{}\n", [:])]
      as [(String, JSONValue)])
  func readsAnyValueAsTheOutermost(text: String, expected: JSONValue) throws {
    #expect(try json(text) == expected)
  }

  @Test(arguments: [
    (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83d\ude00""#, "😀"), (#""é€😀""#, "é€😀"), (#""""#, ""), (#""\u0000""#, "\0"), (#""\uD83D\uDE00""#, "😀"),
    (#""\\\"\\""#, #"\"\"#), (#""x\u0041y\u0042z""#, "xAyBz"), (#""\udbff\udfff\ud800\udc00""#, "\u{10FFFF}\u{10000}"),
    (#""\ud7ff\ue000\uffff""#, "\u{D7FF}\u{E000}\u{FFFF}"), ("\"\u{7F}\u{85}\u{FEFF}\"", "\u{7F}\u{85}\u{FEFF}"),
  ])
  func readsStrings(text: String, expected: String) throws {
    #expect(try json("{\"s\":\(text)}")["s"] == .string(JSONString(expected)))
    #expect(try json("{\(text):1}") == .object(members([(expected, 1)])))
  }

  @Test func stringsKeepTheirBytes() throws {
    #expect(try json("[\"\u{E9}\", \"e\u{301}\"]") == ["\u{E9}", "e\u{301}"])
    #expect(try json("[\"\u{E9}\", \"e\u{301}\"]") != ["e\u{301}", "\u{E9}"])
    #expect(try json(#""\u00e9""#) != json(#""e\u0301""#))
  }

  @Test(arguments: [
    "", " ", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{,}",
    "{\"a\":}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}", "{\"a\":1} x", "{\"a\":1}{", "{'a':1}", "\u{FEFF}{}",
    "{} // no",
    "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x10}",
    "{\"a\":1-2}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":inf}", "{\"a\":nan}", "{\"a\":--1}",
    "{\"a\":\"x}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\", "{\"a\":\"\n\"}",
    "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\",
    "{\"a\":\"\\ud800\\ud800\"}", "{\"a\":\"\\udc00\\ud800\"}",
    "{\"a\":-01}", "{\"a\":00}", "{\"a\":1.e5}", "{\"a\":1e5.0}", "{\"a\":-Inf}", "{\"a\":-NaN}", "{\"a\":+Infinity}",
    "{\"a\":nullx}", "{\"a\":null1}", "{\"a\":1null}", "[1,,2]", "[,1]", "[1", "[1,", "]", "{\"a\":1,,\"b\":2}",
    "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{1:2}", "{\"a\":1]", "[1}", "\"\\U0041\"", "\"\\u 041\"", "\"\\u-041\"",
    "\"\t\"", "\"\0\"", "\u{A0}1", "1\u{A0}", "\u{B}1", "/**/1", "1 2", "\"a\" \"b\"",
  ])
  func refusesWhatIsNotJSON(text: String) throws {
    for allowingNonFinite in [false, true] {
      let error = #expect(throws: JSONError.self) {
        try JSONParser.parse(Array(text.utf8), allowingNonFinite: allowingNonFinite)
      }
      #expect((0...text.utf8.count).contains(try #require(error).offset))
    }
  }

  @Test(arguments: [
    ("", 0, "the text ends where a value was expected"), ("[1, ", 4, "the text ends where a value was expected"),
    ("[1,]", 3, "expected a value"), ("[True]", 1, "expected a value, found True"), ("{} x", 3, "expected the end"),
    ("{ a:1}", 2, "expected a key in quotes"), ("{\"a\" 1}", 5, "expected ':' after the key \"a\""),
    ("{\"a\":1 2}", 7, "expected ',' or '}'"), ("[1 2]", 3, "expected ',' or ']'"), ("[-]", 2, "expected a digit"),
    ("[10, -01]", 5, "a number with a leading zero"), ("[1e999]", 1, "a number out of range"),
    ("[\"a\n\"]", 3, "a control character in a string"), ("[\"abc", 5, "the text ends inside a string"),
    (#"["a\x"]"#, 3, "an unknown escape"), (#"["\ud800\u0041"]"#, 2, "half a surrogate pair"),
    (#"["\u12g4"]"#, 6, "four hexadecimal digits"), (#"{"a":1, "b":2, "a":3}"#, 15, "the key \"a\" occurs twice"),
  ])
  func saysWhatIsWrongAndWhere(text: String, offset: Int, problem: String) throws {
    let error = try #require(throws: JSONError.self) { try json(text) }
    #expect(error.offset == offset)
    #expect(error.problem.contains(problem), "\(error.problem)")
  }

  @Test func refusesBytesThatAreNotUTF8() throws {
    for bytes: [UInt8] in [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
      [0xC3, 0x5C, 0x6E],
    ] {
      for text in [
        Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8), Array("{\"".utf8) + bytes + Array("\":1}".utf8),
        Array("{\"a\":\"\\n".utf8) + bytes + Array("\"}".utf8),
      ] {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(text) }
        #expect(error?.problem == "a string is not UTF-8")
      }
      #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
    }
  }

  @Test func refusesANameThatOccursTwice() throws {
    for text in [#"{"a.b":1,"c":{},"a.b":1}"#, #"{"a":[{"x":1,"\u0078":2}]}"#, #"{"":1,"":1}"#] {
      let error = try #require(throws: JSONError.self) { try json(text) }
      #expect(error.problem.contains("twice"))
    }
    #expect(try json(#"{"x":1,"a":{"x":2}}"#)["a"]?["x"] == 2)
  }

  @Test func namesThatAreOnlyEquivalentAreTwo() throws {
    let value = try json("{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{212B}\":3,\"\u{C5}\":4}")
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(value["\u{212B}"] == 3)
    #expect(value["\u{C5}"] == 4)
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func refusesDeepNestingInsteadOfOverflowingTheStack(opening: String) throws {
    let error = try #require(throws: JSONError.self) { try json(String(repeating: opening, count: 1_000_000)) }
    #expect(error.problem.contains("nested more than 128 deep"))
  }

  @Test func takesModestNesting() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try json("{\"a\":\(nested(60))}")["a"] != nil)
    #expect(throws: Never.self) { try json(nested(JSONParser.maximumDepth)) }
    // The limit is of depth, not of brackets.
    #expect(throws: Never.self) { try json("[\(nested(127)),\(nested(127))]") }
    let error = try #require(throws: JSONError.self) { try json(nested(JSONParser.maximumDepth + 1)) }
    #expect(error.offset == 128)
  }

  /// Each of these would take minutes if its time grew with the square of its length.
  @Test func readsLongTexts() throws {
    let count = 1_000_000
    #expect(try json(String(repeating: " ", count: count) + "1") == 1)
    #expect(
      try json("\"\(String(repeating: "\\n", count: count))\"")
        == .string(JSONString(String(repeating: "\n", count: count))))
    #expect(try json("0." + String(repeating: "0", count: count)) == 0.0)
    let names = 200_000
    let text = (0..<names).map { "\"t\($0)\":\($0)" }.joined(separator: ",")
    #expect(try json("{\(text)}")["t199999"] == 199_999)
    #expect(throws: JSONError.self) { try json("{\(text),\"t100000\":0}") }
  }

  private func members(_ list: [(String, JSONValue)]) -> JSONMembers {
    var members = JSONMembers()
    for (name, value) in list { _ = members.add(JSONString(name), value) }
    return members
  }
}
