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

  /// Values by hand: what a place that leads to itself adds is nothing.
  @Test(
    arguments: [
      ["anyOf": [["$ref": "#"], ["type": "integer"]]],
      [
        "anyOf": [["$ref": "#/$defs/a"], ["type": "integer"]],
        "$defs": ["a": ["anyOf": [["$ref": "#"], ["$ref": "#/$defs/a"]]]],
      ],
    ] as [JSONValue])
  func `A schema that leads to itself ends`(schema: JSONValue) throws {
    let program = try JSONSchema.grammar(schema)
    #expect(accepts(program, "12") && !accepts(program, "\"a\"") && !accepts(program, ""))
    #expect(program.shortestText == 1)
  }

  /// Two ways at each of forty places: to follow each would take a million million steps.
  @Test
  func `Many ways to the same place are one`() throws {
    var definitions = JSONMembers()
    for index in 0..<40 {
      let next = JSONValue.string(JSONString("#/$defs/a\(index + 1)"))
      _ = definitions.add(JSONString("a\(index)"), ["anyOf": [["$ref": next], ["$ref": next]]])
    }
    _ = definitions.add("a40", ["type": "boolean"])
    let schema: JSONValue = [
      "type": "array", "minItems": 1, "items": ["$ref": "#/$defs/a0"], "$defs": .object(definitions),
    ]
    let program = try JSONSchema.grammar(schema)
    #expect(accepts(program, "[true,false]") && !accepts(program, "[1]") && !accepts(program, "[]"))
  }

  @Test
  func `A long chain of references is followed`() throws {
    var definitions = JSONMembers()
    for index in 0..<10_000 {
      _ = definitions.add(JSONString("a\(index)"), ["$ref": .string(JSONString("#/$defs/a\(index + 1)"))])
    }
    _ = definitions.add("a10000", ["type": "null"])
    let program = try JSONSchema.grammar(["$ref": "#/$defs/a0", "$defs": .object(definitions)])
    #expect(accepts(program, "null") && !accepts(program, "true"))
    #expect(program.shortestText == 4)
  }

  @Test
  func `Deep values do not go on forever`() throws {
    let text = #"{"a":"# + String(repeating: "[", count: 500)
    #expect(!accepts(try JSONSchema.anyObject(), text))
  }
}
