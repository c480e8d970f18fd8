package import JSON
package import Templates
package import Tokenizers

/// A conversation with a model: the messages so far, and the prompt for the next reply.
package struct Conversation: Sendable {
  private let template: ChatTemplate
  private let tokenizer: Tokenizer
  package private(set) var messages: [JSONValue] = []
  /// Where each turn begins: the user's messages.
  private var turns: [Int] = []

  /// - Parameter system: what the model is told before all else; nil for nothing.
  package init(_ template: ChatTemplate, _ tokenizer: Tokenizer, system: String?) {
    self.template = template
    self.tokenizer = tokenizer
    if let system { messages.append(Self.message("system", system)) }
  }

  package mutating func addUser(_ text: String) {
    turns.append(messages.count)
    messages.append(Self.message("user", text))
  }

  /// - Parameter reasoning: what the model thought before it replied, if that was told apart.
  package mutating func addReply(_ text: String, reasoning: String = "") {
    messages.append(Self.message("assistant", text, reasoning: reasoning))
  }

  /// Forgets the oldest turns, as few as possible, until the prompt has at most `count` tokens or only the last is left. What
  /// the model was told before all else stays.
  ///
  /// - Returns: the prompt, and how many turns were forgotten.
  package mutating func prompt(fitting count: Int) throws(TemplateError) -> (tokens: [Int32], forgotten: Int) {
    let before = turns.count
    var tokens = try prompt()
    while tokens.count > count, turns.count > 1 {
      let size = turns[1] - turns[0]
      messages.removeSubrange(turns[0]..<turns[1])
      turns = turns.dropFirst().map { $0 - size }
      tokens = try prompt()
    }
    return (tokens, before - turns.count)
  }

  /// The tokens of all messages, up to where the next reply begins.
  package func prompt() throws(TemplateError) -> [Int32] {
    let text = try template.render(ChatTemplate.Conversation(messages: messages))
    // The template has written the special tokens itself.
    return tokenizer.encode(text, addSpecialTokens: false)
  }

  private static func message(_ role: String, _ content: String, reasoning: String = "") -> JSONValue {
    var members = JSONMembers()
    _ = members.add("role", .string(JSONString(role)))
    _ = members.add("content", .string(JSONString(content)))
    if !reasoning.isEmpty { _ = members.add("reasoning_content", .string(JSONString(reasoning))) }
    return .object(members)
  }
}
