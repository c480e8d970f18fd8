import Foundation
import JSON
import TestSupport
import Testing

@testable import Templates

struct ChatTemplateFilesTests {
  private func render(_ files: [String: String], tools: Bool = false) throws -> String? {
    let folder = try TemporaryFolder()
    for (name, text) in files { try text.write(toFile: folder.path + "/" + name, atomically: true, encoding: .utf8) }
    let template = try ChatTemplate(folder: folder.path)
    return try template?.render(
      ChatTemplate.Conversation(
        messages: [["role": "user", "content": "x"]], tools: tools ? [["type": "function"]] : nil))
  }

  @Test func aFolderWithoutATemplateHasNone() throws {
    #expect(try render([:]) == nil)
    #expect(try render(["tokenizer_config.json": "{}"]) == nil)
  }

  @Test func specialTokensAreKnownByName() throws {
    let configuration = #"""
      {"bos_token": {"content": "<b>"}, "eos_token": "<e>", "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}
      """#
    #expect(try render(["tokenizer_config.json": configuration]) == "<b>x<e>")
  }

  @Test func aFileOfItsOwnComesFirst() throws {
    #expect(
      try render(["tokenizer_config.json": #"{"chat_template": "a"}"#, "chat_template.jinja": "b\n"]) == "b")
  }

  @Test func oneOfSeveralIsChosenByTools() throws {
    let configuration = #"""
      {"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]}
      """#
    #expect(try render(["tokenizer_config.json": configuration]) == "plain")
    #expect(try render(["tokenizer_config.json": configuration], tools: true) == "tools")
  }

  @Test(arguments: [
    (#"{"chat_template": 5}"#, "tokenizer_config.json: chat_template: found 5, expected a string or a list"),
    (#"{"chat_template": [{"name": "a"}]}"#, "chat_template[0]: found an object, expected \"name\" and \"template\""),
    (
      #"{"chat_template": [{"name": "a", "template": ""}, {"name": "b", "template": ""}]}"#,
      "none of the templates a, b"
    ),
    (#"{"chat_template": "{{"}"#, "tokenizer_config.json: chat_template: line 1: the tag has no end"),
    ("{", "tokenizer_config.json: not JSON"),
  ])
  func whatIsWrongIsNamed(configuration: String, says: String) throws {
    let error = try #require(throws: TemplateError.self) { try render(["tokenizer_config.json": configuration]) }
    #expect(error.description.contains(says), "\(error)")
  }
}
