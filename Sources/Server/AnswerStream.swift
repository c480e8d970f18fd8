import Engine
import Hummingbird
import JSON
import Logging
import NIOCore

/// An answer as server-sent events.
struct AnswerStream<Format: AnswerFormat>: Sendable {
  private let answering: Answering
  private let format: Format
  private let envelope: AnswerEnvelope
  private let includesUsage: Bool
  /// What goes before and behind the choice of an event: the same in all of them.
  private let head: Substring
  private let tail: String

  init(answering: Answering, format: Format, envelope: AnswerEnvelope, includesUsage: Bool) {
    self.answering = answering
    self.format = format
    self.envelope = envelope
    self.includesUsage = includesUsage
    let end = "]}"
    head = envelope.object(format.chunkObject, choices: [], usage: nil).text.dropLast(end.count)
    tail = includesUsage ? "],\"usage\":null}" : end
  }

  /// - Parameter first: the event that has come already.
  func write(
    _ first: (choice: Int, event: GenerationEvent)?, to writer: inout any ResponseBodyWriter, _ logger: Logger
  ) async throws {
    var usage = Usage(promptTokens: answering.promptTokens)
    var begun: Set<Int> = []
    var isWhole = false
    // The request was in the log when its stream began.
    defer { logger.info(isWhole ? "stream ended" : "stream broke off", metadata: usage.metadata) }
    do {
      try await answering.read(first) { choice, part in
        usage.completionTokens += part.tokens
        // The prompt's log probabilities go out with the first text.
        let isFirst = begun.insert(choice).inserted
        for chunk in format.chunks(choice, part, isFirst: isFirst) {
          try await writer.write(event: head + chunk.text + tail)
        }
      }
      isWhole = true
      if includesUsage {
        try await writer.write(event: envelope.object(format.chunkObject, choices: [], usage: usage.json).text)
      }
    } catch let error as APIError {
      try await writer.write(event: error.json.text)
    }
    try await writer.write(event: "[DONE]")
    try await writer.finish(nil)
  }
}

extension ResponseBodyWriter {
  /// A server-sent event of one line.
  mutating func write(event: String) async throws {
    try await write(ByteBuffer(string: "data: \(event)\n\n"))
  }
}
