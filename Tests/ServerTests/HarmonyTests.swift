import Engine
import JSON
import Testing
import Tokenizers

@testable import Server

/// Calls of GPT-OSS, on a vocabulary of bytes with the format's marks.
struct HarmonyTests {
  private let tokenizer: Tokenizer
  private let fields: GenerationFields

  init() throws {
    let bytes = (33...126).compactMap { UnicodeScalar($0).map { String(Character($0)) } } + ["\u{120}"]
    let marks = ["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|return|>", "<|call|>"]
    var metadata = TokenizerMetadata(model: "gpt2", tokens: bytes + marks)
    metadata.pre = "gpt-2"
    metadata.merges = []
    metadata.kinds = bytes.map { _ in 1 } + marks.map { _ in 3 }
    tokenizer = try Tokenizer(metadata, source: "test")
    fields = try GenerationFields(Fields(body: Array("{}".utf8)), defaults: .greedy, vocabulary: 200)
  }

  private func read(_ reply: String, format: ToolFormat? = .harmony, opening: String = "") -> AnswerPart {
    let opening = tokenizer.encode(opening, addSpecialTokens: false)
    var reader = ChoiceReader(fields, tokenizer: tokenizer, format: format, opening: opening)
    var whole = AnswerPart()
    for token in tokenizer.encode(reply, addSpecialTokens: false) { whole.append(reader.append(token, text: "", nil)) }
    whole.append(reader.finish(.stop))
    return whole
  }

  @Test
  func `A message to a function is a call, and what comes before it is not`() {
    let answer = read(
      "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary<|message|>Let me look.<|end|>"
        + "<|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>"
        + #"{"city": "Bern"}<|call|>"#)
    #expect(answer.reasoning == "Hm.")
    #expect(answer.text == "Let me look.")
    #expect(answer.calls == [ToolCall(name: "weather", arguments: #"{"city": "Bern"}"#)])
    #expect(answer.finish == "tool_calls")
  }

  @Test
  func `JSON for the user is no call`() {
    let answer = read(#"<|channel|>final<|message|>{"name": "f"}<|return|>"#)
    #expect(answer.text == #"{"name": "f"}"#)
    #expect(answer.calls.isEmpty)
    #expect(answer.finish == "stop")
  }

  @Test
  func `Without tools nothing is a call`() {
    let answer = read("<|channel|>commentary to=functions.f<|message|>{}<|call|>", format: nil)
    #expect(answer.calls.isEmpty)
    #expect(answer.finish == "stop")
  }

  @Test
  func `What is forced begins the answer`() throws {
    let one = [ToolUse.Function(name: "f", parameters: nil)]
    let two = one + [ToolUse.Function(name: "g", parameters: nil)]
    let call = try #require(ToolFormat.harmony.opening(forced: one, isJSON: false))
    #expect(read("{}", opening: call).calls == [ToolCall(name: "f", arguments: "{}")])
    let either = try #require(ToolFormat.harmony.opening(forced: two, isJSON: false))
    #expect(
      read(#"{"name":"g","arguments":{"a":1}}"#, opening: either).calls == [ToolCall(name: "g", arguments: #"{"a":1}"#)]
    )
    let json = try #require(ToolFormat.harmony.opening(forced: [], isJSON: true))
    #expect(read("[1]", opening: json).text == "[1]")
    #expect(ToolFormat.harmony.opening(forced: [], isJSON: false) == nil)
    #expect(ToolFormat.tagged.opening(forced: one, isJSON: true) == nil)
  }
}
