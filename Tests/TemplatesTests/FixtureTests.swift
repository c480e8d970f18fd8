import Foundation
import JSON
import TestSupport
import Testing

@testable import Templates

/// Against what `transformers` rendered: `Tests/Fixtures/templates`.
struct FixtureTests {
  private func lines(_ name: String) throws -> [JSONMembers] {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("templates/" + name)))
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
      guard case .object(let members) = try JSONParser.parse(Array(line)) else { throw Malformed() }
      return members
    }
  }

  private struct Malformed: Error {}

  private func string(_ value: JSONValue?) -> String? {
    if case .string(let text)? = value { text.text } else { nil }
  }

  @Test func snippetsRenderAlike() throws {
    let lines = try lines("snippets.jsonl")
    guard case .object(let variables)? = lines.first?["variables"] else { throw Malformed() }
    #expect(lines.count > 100)
    for line in lines.dropFirst() {
      let template = try #require(string(line["template"]))
      let found = try? JinjaTemplate(template, source: "snippet").render(variables)
      let expected = string(line["text"])
      #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(template)")
    }
  }

  @Test func conversationsRenderAlike() throws {
    let lines = try lines("chats.jsonl")
    guard case .double(let now)? = lines.first?["now"] else { throw Malformed() }
    var templates: [String: ChatTemplate] = [:]
    #expect(lines.count == 181)
    for line in lines.dropFirst() {
      let name = try #require(string(line["template"]))
      if templates[name] == nil {
        let text = try String(contentsOfFile: Fixtures.path("templates/" + name), encoding: .utf8)
        templates[name] = try ChatTemplate(text, source: name)
      }
      let conversation = try ChatTemplate.Conversation(try #require(line["conversation"]), source: "chats.jsonl")
      let found = try? templates[name]?.render(conversation, now: Date(timeIntervalSince1970: now))
      let expected = string(line["text"])
      #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(name): \(conversation)")
    }
  }
}
