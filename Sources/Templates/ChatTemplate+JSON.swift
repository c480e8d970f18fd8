package import JSON

extension ChatTemplate.Conversation {
  /// A conversation as JSON: `messages`, and where wanted `tools`, `add_generation_prompt` and other variables.
  package init(_ json: JSONValue, source: String) throws(TemplateError) {
    func wrong(_ problem: String) -> TemplateError { TemplateError(source: source, line: nil, problem: problem) }
    guard case .object(let members) = json else { throw wrong("found \(json.summary), expected an object") }
    guard case .array(let messages)? = members["messages"] else {
      throw wrong("messages: expected a list of messages")
    }
    self.init(messages: messages, addsGenerationPrompt: false)
    for member in members where member.name != "messages" {
      switch (member.name, member.value) {
      case ("tools", let value): tools = value
      case ("add_generation_prompt", .bool(let value)): addsGenerationPrompt = value
      case ("add_generation_prompt", let value):
        throw wrong("add_generation_prompt: found \(value.summary), expected true or false")
      default: _ = variables.add(member.name, member.value)
      }
    }
  }
}
