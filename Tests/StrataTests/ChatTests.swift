import Foundation
import TestSupport
import Testing

/// `strata run --chat`, `strata template` and `strata tokenize`.
struct ChatTests {
  /// A template that makes of the last message the prompt of the reference's continuation.
  private static let template = #"<|endoftext|>{{ messages[-1].content }}{{ "\n" }}"#

  private func chat(_ model: String, _ options: String...) async throws -> Outcome {
    try await Strata.run(
      ["run", "--model", model, "--chat", "--temperature", "0", "--device", "reference"] + options,
      shell: #"printf 'ROMEO.\n\nROMEO.\n' | "$0" "$@""#)
  }

  @Test func eachLineGetsItsReply() async throws {
    let copy = try ModelCopy("tiny-moe")
    try copy.folder.write("chat_template.jinja", Self.template)
    let outcome = try await chat(copy.path, "--max-tokens", "48", "--chat-context", "100").expectSuccess()
    let text = try Greedy.continuation().text
    #expect(outcome.output == "\(text)\n\(text)\n")
  }

  @Test func aMessageThatDoesNotFitIsRefusedAndTheNextAnswered() async throws {
    let copy = try ModelCopy("tiny-moe")
    try copy.folder.write(
      "chat_template.jinja", "{{ raise_exception('too many') if messages | length > 2 else '' }}" + Self.template)
    let outcome = try await chat(copy.path, "--max-tokens", "1").expectSuccess()
    #expect(outcome.output.split(separator: "\n").count == 1)
    #expect(outcome.errors.contains("chat_template.jinja: line 1: too many"))
  }

  /// A prompt of the user's messages alone: two of them, of over 17 tokens each, and 8 of a reply do not fit into 40.
  @Test func oldTurnsAreForgottenWhenTheRoomEnds() async throws {
    let copy = try ModelCopy("tiny-moe")
    try copy.folder.write(
      "chat_template.jinja",
      "{% for m in messages %}{{ 'x ' * 15 if m.role == 'user' else '' }}{{ m.content }}{% endfor %}")
    let outcome = try await chat(copy.path, "--max-tokens", "8", "--chat-context", "40").expectSuccess()
    #expect(outcome.output.split(separator: "\n").count >= 2)
    #expect(outcome.errors.contains("longer than --chat-context 40: its oldest turns, 1, are forgotten"))
  }

  @Test func whatAChatNeedsIsSaid() async throws {
    try await chat(Fixtures.path("tiny-moe")).expectFailure("there is no chat template")
    let copy = try ModelCopy("tiny-moe")
    try copy.folder.write("chat_template.jinja", "{% if")
    try await chat(copy.path).expectFailure("chat_template.jinja: line 1: ")
    try await Strata.run("run", "--model", "m", "--chat", "--prompt", "p").expectUsageError("--chat takes its messages")
    try await Strata.run("run", "--model", "m", "--prompt", "p", "--system", "s").expectUsageError("need --chat")
  }

  @Test func aTemplateIsRendered() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "c.jsonl",
      #"{"messages":[{"role":"user","content":"Hi"}],"add_generation_prompt":true}"# + "\n{\"messages\":[]}\n")
    let template = Fixtures.path("templates/markup.jinja")
    let outcome = try await Strata.run("template", "--template", template, "--conversations", file, "--json")
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    #expect(lines.first == #"{"text":"<|im_start|>user\u000aHi<|im_end|>\u000a<|im_start|>assistant\u000a"}"#)
    #expect(lines.last == #"{"error":"conversation: there is no message, expected at least one"}"#)
  }

  /// Against what Hugging Face's tokenizers gave: `Tests/Fixtures/tokenizers`.
  @Test func textsAreTokenized() async throws {
    let lines = try String(contentsOfFile: Fixtures.path("tokenizers/strings.txt"), encoding: .utf8)
      .split(separator: "\n").prefix(50).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
    let texts = try lines.map { try #require(Data(base64Encoded: String($0[0]))) }
    let encoder = JSONEncoder()
    let strings = try texts.map {
      String(decoding: try encoder.encode(String(decoding: $0, as: UTF8.self)), as: UTF8.self)
    }
    let folder = try TemporaryFolder()
    let file = try folder.write("texts.jsonl", strings.joined(separator: "\n"))
    let outcome = try await Strata.run("tokenize", "--model", Fixtures.path("tiny-moe"), "--file", file, "--lines")
    #expect(
      outcome.expectSuccess().output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        == lines.map { $0[1] }[...])
  }
}
