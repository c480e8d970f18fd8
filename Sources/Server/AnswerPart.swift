import Engine

/// What is new in one of the choices of an answer.
struct AnswerPart: Sendable {
  var text = ""
  /// What the model thinks before it answers, where it tells that apart.
  var reasoning = ""
  var calls: [ToolCall] = []
  /// Of the tokens whose text is here.
  var logprobs: [TokenLogprobs] = []
  /// Of the prompt's tokens but the first, once.
  var promptLogprobs: [TokenLogprobs] = []
  /// Tokens that have come.
  var tokens = 0
  /// Why the choice ends here; nil if it goes on.
  var finish: String?

  var isEmpty: Bool { text.isEmpty && reasoning.isEmpty && calls.isEmpty && logprobs.isEmpty && finish == nil }
}
