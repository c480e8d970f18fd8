import JSON
import TestSupport
import Testing

@testable import Grammars

/// What a grammar takes, byte for byte.
struct JSONGrammarTests {
  private func accepts(_ program: GrammarProgram, _ text: String) -> Bool {
    var machine = GrammarMachine(program)
    var state = machine.start
    for byte in text.utf8 {
      state = machine.step(state, byte)
      if state == GrammarMachine.dead { return false }
    }
    return machine.accepts(state)
  }

  @Test(arguments: [
    "{}", "{ }", #"{"a":1}"#, #"{"a": [1, 2.5, -0, 1e5, 1.5E-3, true, false, null, "x"]}"#,
    "{\n  \"a\": {\n    \"b\": {}\n  }\n}",
    #"{"é": "ü 漢 😀 \" \\ \/ \b \f \n \r \t é \u0020"}"#, "{\"a\":\"\u{10FFFF}\u{D7FF}\u{E000}\"}",
  ])
  func `Any object is taken`(text: String) throws {
    #expect(accepts(try JSONSchema.anyObject(), text))
    #expect(throws: Never.self) { try JSONParser.parse(Array(text.utf8)) }
  }

  @Test(arguments: [
    "", "[]", "1", "{", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{"a":01}"#, #"{"a":.5}"#, #"{"a":1.}"#,
    #"{"a":+1}"#, #"{"a":"\x"}"#, #"{"a":"\ud800"}"#, "{\"a\":\"\n\"}", #"{"a":1} "#, #"{"a":tru}"#,
  ])
  func `What is no object is not taken`(text: String) throws { #expect(!accepts(try JSONSchema.anyObject(), text)) }

  @Test
  func `Bytes that are not UTF-8 are not taken`() throws {
    let program = try JSONSchema.anyObject()
    // Overlong, a surrogate, above U+10FFFF, a tail alone.
    for bytes: [UInt8] in [
      [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xFF],
    ] {
      var machine = GrammarMachine(program)
      var state = machine.start
      for byte in Array(#"{""#.utf8) + bytes where state != GrammarMachine.dead { state = machine.step(state, byte) }
      #expect(state == GrammarMachine.dead, "\(bytes)")
    }
  }

  private let person: JSONValue = [
    "type": "object",
    "properties": [
      "name": ["type": "string", "minLength": 1, "maxLength": 3], "age": ["type": "integer"],
      "kind": ["enum": ["a", 1, nil]],
      "tags": ["type": "array", "items": ["type": "boolean"], "minItems": 1, "maxItems": 2],
      "next": ["anyOf": [["$ref": "#"], ["type": "null"]]],
    ],
    "required": ["name", "kind", "next"], "additionalProperties": false,
  ]

  @Test(arguments: [
    #"{"name":"é€😀","kind":"a","next":null}"#,
    #"{"name": "x", "age": -3, "kind": 1, "tags": [true, false], "next": null}"#,
    #"{"name":"x","kind":null,"next":{"name":"y","kind":"a","next":null}}"#,
  ])
  func `What fits a schema is taken`(text: String) throws { #expect(accepts(try JSONSchema.grammar(person), text)) }

  @Test(arguments: [
    #"{"name":"","kind":"a","next":null}"#, #"{"name":"xxxx","kind":"a","next":null}"#,
    #"{"name":"x","kind":"b","next":null}"#,
    #"{"kind":"a","name":"x","next":null}"#, #"{"name":"x","kind":"a"}"#,
    #"{"name":"x","age":1.5,"kind":"a","next":null}"#,
    #"{"name":"x","kind":"a","tags":[],"next":null}"#, #"{"name":"x","kind":"a","tags":[true,true,true],"next":null}"#,
    #"{"name":"x","kind":"a","next":null,"more":1}"#, #"{"name":"x","kind":"a","next":1}"#,
  ])
  func `What does not fit a schema is not taken`(text: String) throws {
    #expect(!accepts(try JSONSchema.grammar(person), text))
  }

  @Test
  func `The shortest text is counted by hand`() throws {
    #expect(try JSONSchema.anyObject().shortestText == 2)
    #expect(try JSONSchema.grammar(["type": "boolean"]).shortestText == 4)
    #expect(try JSONSchema.grammar(["const": "abc"]).shortestText == 5)
    // {"name":"x","kind":1,"next":null}
    #expect(try JSONSchema.grammar(person).shortestText == 33)
  }

  private static let refused: [(JSONValue, String)] = [
    (["type": "strin"], "\"strin\""), (["type": "string", "pattern": "a+"], "\"pattern\""),
    (["$ref": "#/$defs/none"], "\"#/$defs/none\""), (["$ref": "other.json"], "\"other.json\""),
    (["type": "object", "required": ["a"]], "\"a\""), (["enum": []], "enum"), ([1], "list"),
    (["type": "array", "maxItems": -1], "maxItems"), (["type": "string", "minLength": 3, "maxLength": 2], "maxLength"),
    (["type": "object", "properties": ["a": ["$ref": "#"]], "required": ["a"]], "finite"),
  ]

  @Test(arguments: refused)
  func `A schema that cannot be kept is refused by name`(schema: JSONValue, part: String) {
    let error = #expect(throws: GrammarError.self) { try JSONSchema.grammar(schema) }
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
  }

  @Test
  func `Deep values do not go on forever`() throws {
    let text = #"{"a":"# + String(repeating: "[", count: 500)
    #expect(!accepts(try JSONSchema.anyObject(), text))
  }
}
