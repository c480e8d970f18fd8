import Engine
import Foundation
import Templates
import Tokenizers

/// `strata run --chat`: asks, replies, and remembers, until the input ends.
///
/// The final channel of a reply goes to stdout, all else to stderr.
struct Chat {
  private let engine: Engine
  private let files: ModelFiles
  private let tokenizer: Tokenizer
  private let sampling: SamplingOptions
  private let maxTokens: Int?
  /// Tokens of the conversation at most.
  private let context: Int
  private let stops: Set<Int32>
  private let interrupts = Interrupts()

  init(
    _ engine: Engine, _ tokenizer: Tokenizer, sampling: SamplingOptions, maxTokens: Int?, context: Int
  ) {
    self.engine = engine
    files = engine.files
    self.tokenizer = tokenizer
    self.sampling = sampling
    self.maxTokens = maxTokens
    self.context = context
    stops = engine.files.replyStops(tokenizer)
  }

  func run(_ start: Conversation) async throws {
    var conversation = start
    if Terminal.isInteractive { Terminal.error("Ctrl-C stops a reply, Ctrl-D ends the conversation.") }
    while true {
      if Terminal.isInteractive { Terminal.message("> ") }
      guard let line = readLine() else { break }
      if line.allSatisfy(\.isWhitespace) { continue }
      // One message that cannot be answered does not end the conversation, and leaves it as it was.
      var next = conversation
      next.addUser(line)
      do {
        let reply = try await reply(to: &next)
        next.addReply(reply.text, reasoning: reply.reasoning)
        conversation = next
      } catch let error as OutputError {
        throw error
      } catch {
        Terminal.error("strata: error: \(error)")
      }
    }
    if Terminal.isInteractive { Terminal.message("\n") }
  }

  private func reply(to conversation: inout Conversation) async throws -> (text: String, reasoning: String) {
    // A quarter of the room, or what is asked for, is left to the reply.
    let (prompt, forgotten) = try conversation.prompt(fitting: context - min(maxTokens ?? context, context / 4))
    if forgotten > 0 {
      Terminal.error(
        "(the conversation is longer than --chat-context \(context): its oldest turns, \(forgotten), are forgotten)")
    }
    try files.check(prompt, source: "the conversation")
    let room = context - prompt.count + 1
    guard room > 0 else {
      throw EngineError(
        "the conversation has \(prompt.count) tokens, and there is room for \(context) (--chat-context)")
    }
    let request = GenerationRequest(
      prompt: prompt, maxTokens: min(maxTokens ?? room, room), sampling: sampling, stopTokens: stops)
    let stream = try await engine.submit([request])[0]
    let task = Task { try await print(stream) }
    return try await interrupts.during({ try await task.value }, stop: { task.cancel() })
  }

  private func print(
    _ stream: AsyncThrowingStream<GenerationEvent, any Error>
  ) async throws -> (text: String, reasoning: String) {
    var reader = ReplyReader(tokenizer)
    var printer = ReplyPrinter()
    for try await event in stream {
      guard case .token(let token, _, _) = event, let piece = reader.append(token) else { continue }
      try printer.print(piece)
    }
    if let piece = reader.finish() { try printer.print(piece) }
    try printer.end(wasStopped: Task.isCancelled)
    return (printer.text, printer.reasoning)
  }
}

/// Prints a reply as it comes, each channel but the last under its name.
private struct ReplyPrinter {
  private(set) var text = ""
  private(set) var reasoning = ""
  private var channel = ReplyReader.finalChannel

  mutating func print(_ piece: ReplyReader.Piece) throws {
    if piece.channel != channel {
      channel = piece.channel
      Terminal.message(Terminal.dimmed("\n[\(channel)]\n"))
    }
    if channel == ReplyReader.finalChannel {
      text += piece.text
      try Terminal.output(piece.text)
    } else {
      if channel == ReplyReader.reasoningChannel { reasoning += piece.text }
      Terminal.message(Terminal.dimmed(piece.text))
    }
  }

  func end(wasStopped: Bool) throws {
    try Terminal.output("\n")
    if wasStopped { Terminal.error("(stopped)") }
  }
}
