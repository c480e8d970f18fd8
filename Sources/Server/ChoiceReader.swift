import Engine
import Tokenizers

/// Makes the parts of an answer of one choice's tokens: finds stop strings, and tells reasoning and calls apart.
struct ChoiceReader: Sendable {
  private var reader: ReplyReader?
  private var scanner: StopScanner
  private var marks: StopScanner
  private let format: ToolFormat?
  /// Text that may be calls; nil before any of it has begun.
  private var callText: String?
  /// Messages to functions, as they come.
  private var messages: [(recipient: String, text: String)] = []
  private var content = ""
  /// Log probabilities of tokens whose text is held back.
  private var pending: [TokenLogprobs] = []
  /// Whether no token was asked for: the one that the engine generates behind a prompt is not told.
  private let isPromptOnly: Bool

  /// - Parameters:
  ///   - tokenizer: for chats, whose answers have channels; nil for completions.
  ///   - format: of the calls that there may be; nil for none.
  ///   - opening: the answer's first tokens, which the prompt has.
  init(_ generation: GenerationFields, tokenizer: Tokenizer?, format: ToolFormat?, opening: [Int32] = []) {
    reader = tokenizer.map { ReplyReader($0) }
    for token in opening { _ = reader?.append(token) }
    scanner = StopScanner(generation.stops)
    isPromptOnly = generation.maxTokens == 0
    self.format = format
    marks = StopScanner(format?.mark.map { [$0] } ?? [])
  }

  /// Takes a token, and gives what is new; `finish` is set if a stop string has come.
  mutating func append(_ token: Int32, text: String, _ logprobs: TokenLogprobs?) -> AnswerPart {
    guard !isPromptOnly else { return AnswerPart() }
    var part = AnswerPart(tokens: 1)
    if let logprobs { pending.append(logprobs) }
    if reader == nil {
      read(text, into: &part)
    } else if let piece = reader?.append(token) {
      read(piece, into: &part)
    }
    return part
  }

  /// What is left, with the reason to finish.
  mutating func finish(_ reason: FinishReason) -> AnswerPart {
    guard !isPromptOnly else { return AnswerPart(finish: FinishReason.length.rawValue) }
    var part = AnswerPart()
    if let piece = reader?.finish() { read(piece, into: &part) }
    if part.finish == nil {
      deliver(scanner.finish(), into: &part)
      end(reason.rawValue, &part)
    }
    return part
  }

  private static let functions = "functions"

  private mutating func read(_ piece: ReplyReader.Piece, into part: inout AnswerPart) {
    let isCall = piece.recipient.map { $0 == Self.functions || $0.hasPrefix(Self.functions + ".") } ?? false
    if isCall, format == .harmony, let recipient = piece.recipient {
      if messages.last?.recipient != recipient { messages.append((recipient, "")) }
      messages[messages.count - 1].text += piece.text
      return
    }
    switch (piece.channel, piece.recipient) {
    case (ReplyReader.finalChannel, _), (ReplyReader.commentaryChannel, nil): read(piece.text, into: &part)
    default: part.reasoning += piece.text
    }
  }

  private mutating func read(_ text: String, into part: inout AnswerPart) {
    guard part.finish == nil else { return }
    let (text, stop) = scanner.append(text)
    deliver(text, into: &part)
    if stop != nil { end("stop", &part) }
  }

  /// Text that no stop string is in: content, or perhaps calls.
  private mutating func deliver(_ text: String, into part: inout AnswerPart) {
    guard let format, format != .harmony else { return give(text, &part) }
    if callText != nil {
      callText? += text
    } else if format.mark != nil {
      let (before, calls) = marks.append(text)
      give(before, &part)
      callText = calls
    } else if content.isEmpty, text.first(where: { !$0.isWhitespace }) == "{" {
      callText = text
    } else {
      give(text, &part)
    }
  }

  private mutating func give(_ text: String, _ part: inout AnswerPart) {
    guard !text.isEmpty else { return }
    content += text
    part.text += text
    part.logprobs += pending
    pending = []
  }

  private mutating func end(_ reason: String, _ part: inout AnswerPart) {
    part.finish = reason
    if format != nil { give(marks.finish(), &part) }
    if let text = callText {
      if let calls = format?.calls(in: text) {
        part.calls = calls
        part.finish = "tool_calls"
      } else {
        give(text, &part)
      }
    }
    let calls = messages.compactMap { ToolCall(recipient: $0.recipient, text: $0.text) }
    if !calls.isEmpty { (part.calls, part.finish) = (calls, "tool_calls") }
    part.logprobs += pending
    pending = []
  }
}
