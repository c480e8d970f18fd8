package import Foundation
package import JSON

/// The template of a checkpoint's tokenizer that makes a prompt of a conversation, as `apply_chat_template` of
/// `transformers` does.
package struct ChatTemplate: Sendable {
  /// By name; most checkpoints have only one, `default`.
  private let templates: [String: JinjaTemplate]
  /// `bos_token` and the like, for the template.
  private let specialTokens: JSONMembers
  /// The templates as they are written.
  package let text: String

  /// The messages of a conversation and what else a template asks for.
  package struct Conversation: Sendable {
    /// Objects with `role`, `content` and so on.
    package var messages: [JSONValue]
    /// JSON schemas of functions; nil for none.
    package var tools: JSONValue?
    /// Whether the prompt ends where the model's reply begins.
    package var addsGenerationPrompt: Bool
    /// Further variables, such as `enable_thinking`.
    package var variables: JSONMembers

    package init(
      messages: [JSONValue], tools: JSONValue? = nil, addsGenerationPrompt: Bool = true,
      variables: JSONMembers = JSONMembers()
    ) {
      self.messages = messages
      self.tools = tools
      self.addsGenerationPrompt = addsGenerationPrompt
      self.variables = variables
    }
  }

  package init(_ text: String, specialTokens: JSONMembers = JSONMembers(), source: String) throws(TemplateError) {
    try self.init(["default": text], specialTokens: specialTokens, source: source)
  }

  init(_ texts: [String: String], specialTokens: JSONMembers, source: String) throws(TemplateError) {
    var templates: [String: JinjaTemplate] = [:]
    for (name, text) in texts {
      templates[name] = try JinjaTemplate(
        text, source: texts.count == 1 ? source : "\(source) (template \(printable(name)))")
    }
    guard templates["default"] != nil || templates.count == 1 else {
      throw TemplateError(
        source: source, line: nil,
        problem: "none of the templates \(texts.keys.sorted().map(printable).joined(separator: ", ")) is \"default\"")
    }
    self.templates = templates
    text = texts.sorted { $0.key < $1.key }.map(\.value).joined(separator: "\n")
    self.specialTokens = specialTokens
  }

  /// The prompt of a conversation.
  ///
  /// As in `transformers`, members of a message that are null are left out, and a message's reasoning is known as
  /// `reasoning_content` and as `thinking`, whatever it was called.
  ///
  /// - Parameter now: the time that `strftime_now` tells.
  package func render(_ conversation: Conversation, now: Date = Date()) throws(TemplateError) -> String {
    let hasTools = conversation.tools.map { !$0.isNull } ?? false
    let name = hasTools && templates["tool_use"] != nil ? "tool_use" : "default"
    guard let template = templates[name] ?? templates.values.first else { return "" }
    if conversation.messages.isEmpty {
      throw TemplateError(source: "conversation", line: nil, problem: "there is no message, expected at least one")
    }
    var variables = JSONMembers()
    _ = variables.add("messages", .array(try Self.normalised(conversation.messages)))
    _ = variables.add("tools", conversation.tools ?? .null)
    _ = variables.add("documents", .null)
    _ = variables.add("add_generation_prompt", .bool(conversation.addsGenerationPrompt))
    // Of two members with one name the first counts.
    for member in Array(conversation.variables) + Array(specialTokens) { _ = variables.add(member.name, member.value) }
    return try template.render(variables, now: now)
  }

  private static func normalised(_ messages: [JSONValue]) throws(TemplateError) -> [JSONValue] {
    var result: [JSONValue] = []
    for (index, message) in messages.enumerated() {
      guard case .object(let members) = message else {
        throw TemplateError(
          source: "conversation", line: nil, problem: "message \(index + 1) is \(message.summary), expected an object")
      }
      result.append(.object(normalised(members)))
    }
    return result
  }

  private static let reasoningNames: [JSONString] = ["reasoning_content", "thinking", "reasoning"]

  private static func normalised(_ message: JSONMembers) -> JSONMembers {
    let members = message.filter { !$0.value.isNull }
    var result = JSONMembers()
    guard let reasoning = reasoningNames.lazy.compactMap({ name in members.first { $0.name == name } }).first else {
      for member in members { _ = result.add(member.name, member.value) }
      return result
    }
    let thinking = members.first { $0.name == "thinking" } ?? reasoning
    _ = result.add("thinking", thinking.value)
    for member in members {
      _ = result.add(member.name, member.name == "reasoning_content" ? reasoning.value : member.value)
    }
    _ = result.add("reasoning_content", reasoning.value)
    return result
  }
}
