import Engine
import Grammars
import JSON
import TestSupport
import Testing

@testable import Server

struct ToolFormatTests {
  @Test
  func `The format is what the template tells the model`() {
    #expect(ToolFormat(template: "… <tool_call> …") == .tagged)
    #expect(ToolFormat(template: "… [TOOL_CALLS] …") == .listed)
    #expect(ToolFormat(template: #"{"name": …, "parameters": …}"#) == .parameters)
    #expect(ToolFormat(template: "… <|channel|>commentary … to=functions … \"parameters\": …") == .harmony)
    #expect(ToolFormat(template: "") == .plain)
  }

  @Test
  func `Calls are read as each format writes them`() {
    let call = ToolCall(name: "f", arguments: #"{"a":[1,"x"]}"#)
    let text = #"{"name": "f", "arguments": {"a": [1, "x"]}}"#
    #expect(ToolFormat.tagged.calls(in: "<tool_call>\n\(text)\n</tool_call>") == [call])
    #expect(
      ToolFormat.tagged.calls(in: "<tool_call>\(text)</tool_call>\n<tool_call>\(text)</tool_call>") == [call, call])
    #expect(ToolFormat.tagged.calls(in: "<tool_call>\(text)") == [call])
    #expect(ToolFormat.listed.calls(in: "[TOOL_CALLS] [\(text), \(text)]") == [call, call])
    #expect(ToolFormat.parameters.calls(in: #"{"name": "f", "parameters": {"a": [1, "x"]}}"#) == [call])
    #expect(ToolFormat.plain.calls(in: text) == [call])
    #expect(ToolFormat.plain.calls(in: #"{"name": "f"}"#) == [ToolCall(name: "f", arguments: "{}")])
  }

  @Test(arguments: ["", "{", "{}", #"{"name": 1}"#, "<tool_call>no</tool_call>", "[TOOL_CALLS] {}", "[TOOL_CALLS] [1]"])
  func `What is no call is none`(text: String) {
    for format in [ToolFormat.tagged, .listed, .harmony, .parameters, .plain] { #expect(format.calls(in: text) == nil) }
  }

  private func use(_ choice: JSONValue) throws -> ToolUse? {
    let tool: JSONValue = [
      "type": "function",
      "function": [
        "name": "f",
        "parameters": [
          "type": "object", "properties": ["x": ["$ref": "#/$defs/n"]], "required": ["x"],
          "$defs": ["n": ["type": "integer"]],
        ],
      ],
    ]
    let body: JSONValue = ["tools": [tool], "tool_choice": choice]
    return try ToolUse(Fields(body: Array(body.text.utf8)))
  }

  @Test
  func `A choice forces, allows or forbids calls`() throws {
    #expect(try use("auto")?.isForced == false)
    #expect(try use("none") == nil)
    #expect(try use("required")?.isForced == true)
    #expect(try use(["type": "function", "function": ["name": "f"]])?.forced.map(\.name) == ["f"])
    #expect(throws: APIError.self) { try use(["type": "function", "function": ["name": "g"]]) }
    #expect(throws: APIError.self) { try use("sometimes") }
  }

  @Test
  func `A forced call's shortest text is counted by hand`() throws {
    // <tool_call>\n{"name":"f","arguments":{"x":0}}\n</tool_call>
    #expect(try use("required")?.grammar(.tagged)?.shortestText == 12 + 32 + 13)
    #expect(try use("auto")?.grammar(.tagged) == nil)
  }
}

extension ToolFormatTests {
  @Test
  func `Text before calls goes out, calls do not`() throws {
    let fields = try GenerationFields(Fields(body: Array("{}".utf8)), defaults: .greedy, vocabulary: 10)
    var reader = ChoiceReader(fields, tokenizer: nil, format: .tagged)
    var texts: [String] = []
    for text in ["Let me <", "tool", "_call>{\"name\": \"f\"", ", \"arguments\": {}}</tool_call>"] {
      texts.append(reader.append(1, text: text, nil).text)
    }
    let end = reader.finish(.stop)
    #expect(texts == ["Let me ", "", "", ""])
    #expect(end.calls == [ToolCall(name: "f", arguments: "{}")])
    #expect(end.finish == "tool_calls")
    #expect(end.text.isEmpty)
  }

  @Test
  func `What looks like a call and is none is text`() throws {
    let fields = try GenerationFields(Fields(body: Array("{}".utf8)), defaults: .greedy, vocabulary: 10)
    var reader = ChoiceReader(fields, tokenizer: nil, format: .plain)
    let first = reader.append(1, text: "{\"no", nil)
    let end = reader.finish(.length)
    #expect(first.text + end.text == "{\"no")
    #expect(end.calls.isEmpty)
    #expect(end.finish == "length")
  }
}
