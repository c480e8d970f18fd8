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

  /// - Parameter first: the part that has come already.
  func write(
    _ first: (choice: Int, part: AnswerPart)?, to writer: inout any ResponseBodyWriter, _ logger: Logger
  ) async throws {
    var usage = Usage(promptTokens: answering.promptTokens)
    var begun: Set<Int> = []
    var open = 0
    // The request was in the log when its stream began.
    defer { logger.info(open == 0 ? "stream ended" : "stream broke off", metadata: usage.metadata) }
    do {
      if let first { try await write(first, &usage, &begun, &open, to: &writer) }
      for try await next in answering.parts { try await write(next, &usage, &begun, &open, to: &writer) }
      if open > 0 { throw APIError.stopping }
      if includesUsage {
        try await writer.write(event: envelope.object(format.chunkObject, choices: [], usage: usage.json).text)
      }
    } catch let error as APIError {
      try await writer.write(event: error.json.text)
    }
    try await writer.write(event: "[DONE]")
    try await writer.finish(nil)
  }

  private func write(
    _ next: (choice: Int, part: AnswerPart), _ usage: inout Usage, _ begun: inout Set<Int>, _ open: inout Int,
    to writer: inout any ResponseBodyWriter
  ) async throws {
    usage.completionTokens += next.part.tokens
    // The prompt's log probabilities go out with the first text.
    let isFirst = begun.insert(next.choice).inserted
    if isFirst { open += 1 }
    if next.part.finish != nil { open -= 1 }
    for chunk in format.chunks(next.choice, next.part, isFirst: isFirst) {
      try await writer.write(event: head + chunk.text + tail)
    }
  }
}

extension ResponseBodyWriter {
  /// A server-sent event of one line.
  mutating func write(event: String) async throws {
    try await write(ByteBuffer(string: "data: \(event)\n\n"))
  }
}
