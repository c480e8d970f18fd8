import Engine
import JSON
import Templates
import Tokenizers

/// The body of `/v1/chat/completions`.
struct ChatRequest: Sendable {
  var generation: GenerationFields
  /// With the opening at its end.
  var prompt: [Int32]
  /// What the answer begins with, whatever the model would say.
  var opening: [Int32] = []
  var logprobs: Int?
  var format: ResponseFormat
  var tools: ToolUse?

  private static let mostLogprobs = 20

  init(_ fields: Fields, _ model: ServedModel) throws(APIError) {
    try model.check(fields)
    generation = try GenerationFields(fields, defaults: model.sampling, vocabulary: model.vocabulary)
    if generation.maxTokens == 0 { throw .invalid("max_tokens is 0, expected 1 or more", param: "max_tokens") }
    let top = try fields.int("top_logprobs", 0...Self.mostLogprobs)
    let wantsLogprobs = try fields.bool("logprobs") ?? false
    if top != nil, !wantsLogprobs {
      throw .invalid("top_logprobs goes with logprobs, which is not true", param: "top_logprobs")
    }
    logprobs = wantsLogprobs ? top ?? 0 : nil
    format = try ResponseFormat(fields)
    tools = try ToolUse(fields)
    if tools?.isForced == true, format != .text {
      throw .invalid("tool_choice forces a call, and response_format something else", param: "response_format")
    }
    prompt = try Self.prompt(fields, tools, model)
    if let text = model.toolFormat.opening(forced: tools?.forced ?? [], isJSON: format != .text) {
      opening = model.tokenizer.encode(text, addSpecialTokens: false)
      prompt += opening
    }
  }

  private static func prompt(
    _ fields: Fields, _ tools: ToolUse?, _ model: ServedModel
  ) throws(APIError) -> [Int32] {
    guard let messages = try fields.objects("messages"), !messages.isEmpty else {
      throw fields.missing("messages", expected: "a list of messages")
    }
    guard let template = model.template else {
      throw .invalid(
        "the model has no chat template: use /v1/completions, or start the server with --chat-template",
        param: "messages", code: "no_chat_template")
    }
    var rendered: [JSONValue] = []
    for message in messages { rendered.append(try ChatMessage.forTemplate(message)) }
    var variables = JSONMembers()
    if let extra = try fields.object("chat_template_kwargs") {
      for member in extra.members { _ = variables.add(member.name, member.value) }
    }
    let addsPrompt = try fields.bool("add_generation_prompt") ?? true
    let conversation = ChatTemplate.Conversation(
      messages: rendered, tools: tools?.rendered, addsGenerationPrompt: addsPrompt, variables: variables)
    do {
      let text = try template.render(conversation)
      try model.checkLength(text, param: "messages")
      // The template has written the special tokens itself.
      let tokens = model.tokenizer.encode(text, addSpecialTokens: false)
      guard !tokens.isEmpty else { throw APIError.invalid("the prompt is empty", param: "messages") }
      return tokens
    } catch let error as APIError {
      throw error
    } catch {
      throw .invalid("the messages do not fit the model's chat template: \(error)", param: "messages")
    }
  }
}
