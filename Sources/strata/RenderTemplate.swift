import ArgumentParser
import Engine
import Foundation
import JSON
import Templates

/// `strata template`
struct RenderTemplate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "template",
    abstract: "Prints the prompt that a chat template makes of a conversation.",
    discussion: """
      A conversation is a JSON object with "messages", and where wanted "tools", "add_generation_prompt" and further \
      variables of the template.
      """)

  @Option(help: "A checkpoint's folder or GGUF file, for its chat template.")
  var model: String?

  @Option(help: "A file with a Jinja template, instead of a model's.")
  var template: String?

  @Option(help: "A file of conversations, one JSON object a line.")
  var conversations: String

  @Option(help: "What strftime_now tells, in seconds since 1970. Default: the time.")
  var now: Double?

  @Flag(help: "Print one JSON object a conversation, with \"text\" or \"error\"; without it, the first error ends all.")
  var json = false

  func validate() throws {
    if (model == nil) == (template == nil) { throw ValidationError("one of --model and --template is needed") }
  }

  func run() throws {
    let template = try chatTemplate()
    let date = now.map(Date.init(timeIntervalSince1970:)) ?? Date()
    let lines = try readText(conversations).split(separator: "\n")
    for (index, line) in lines.enumerated() {
      do {
        let conversation = try ChatTemplate.Conversation(
          parse(line, number: index + 1), source: "\(conversations):\(index + 1)")
        let text = try template.render(conversation, now: date)
        try Terminal.output(json ? "{\"text\":\(JSONString(text).literal)}\n" : text + "\n")
      } catch let error as TemplateError where json {
        try Terminal.output("{\"error\":\(JSONString(error.description).literal)}\n")
      }
    }
  }

  private func chatTemplate() throws -> ChatTemplate {
    if let template { return try ChatTemplate(try readText(template), source: template) }
    guard let model, let template = try ModelFiles(path: model).chatTemplate() else {
      throw ValidationError("the model has no chat template")
    }
    return template
  }

  private func parse(_ line: Substring, number: Int) throws -> JSONValue {
    do {
      return try JSONParser.parse(Array(line.utf8))
    } catch {
      throw TemplateError(
        source: "\(conversations):\(number)", line: nil, problem: "not JSON: \(error.problem) (at byte \(error.offset))"
      )
    }
  }
}
