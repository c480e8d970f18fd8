import Engine
import Grammars
import Scheduling
import Synchronization

/// One answer under way: requests to the engine, and what comes of them.
struct Answering: Sendable {
  /// What is new, with the number of its choice.
  let parts: AsyncThrowingStream<(choice: Int, part: AnswerPart), any Error>
  /// Ends the answer with an error.
  let end: @Sendable (any Error) -> Void
  /// Prompt tokens, each prompt once.
  let promptTokens: Int

  /// What the engine is asked: choice after choice of each prompt.
  struct Job: Sendable {
    var prompts: [[Int32]]
    var generation: GenerationFields
    /// Tokens of each prompt's answers at most.
    var maxTokens: [Int]
    var stopTokens: Set<Int32>
    var logprobs: Int?
    var promptLogprobs: Int?
    var grammar: GrammarMatcher?

    var requests: [GenerationRequest] {
      zip(prompts, maxTokens).flatMap { prompt, maxTokens in
        (0..<generation.choices).map { choice in
          var sampling = generation.sampling
          sampling.seed &+= UInt64(choice)
          var request = GenerationRequest(
            prompt: prompt, maxTokens: maxTokens, sampling: sampling,
            stopTokens: (generation.ignoresEnd ? [] : stopTokens).union(generation.stopTokens),
            capture: promptLogprobs.map { CaptureOptions(promptLogprobs: $0) }, priority: generation.priority)
          request.logprobs = logprobs
          request.grammar = grammar
          return request
        }
      }
    }
  }

  /// Hands the job to the engine.
  /// - Parameter reader: makes the reader of a choice.
  /// - Throws: `APIError` for what can never run.
  init(
    _ job: Job, on engine: Engine, reader: @escaping @Sendable () -> ChoiceReader
  ) async throws {
    let running: [(id: RequestID, events: AsyncThrowingStream<GenerationEvent, any Error>)]
    do {
      running = try await engine.start(job.requests)
    } catch {
      throw APIError(submitting: error)
    }
    let (stream, continuation) = AsyncThrowingStream<(choice: Int, part: AnswerPart), any Error>.makeStream()
    let pump = Task {
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (choice, request) in running.enumerated() {
            group.addTask {
              try await Self.read(request.events, reader()) { continuation.yield((choice, $0)) }
              // After a stop string the engine would go on.
              await engine.cancel(request.id)
            }
          }
          try await group.waitForAll()
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: APIError(running: error))
      }
      for request in running { await engine.cancel(request.id) }
    }
    continuation.onTermination = { _ in pump.cancel() }
    parts = stream
    end = { continuation.finish(throwing: $0) }
    promptTokens = job.prompts.reduce(0) { $0 + $1.count }
  }

  /// Reads a request's events up to its end or a stop string.
  private static func read(
    _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ reader: ChoiceReader,
    _ give: (AnswerPart) -> Void
  ) async throws {
    var reader = reader
    for try await event in events {
      switch event {
      case .prompt(let logprobs): give(AnswerPart(promptLogprobs: logprobs))
      case .token(let token, let text, let logprobs):
        let part = reader.append(token, text: text, logprobs)
        give(part)
        if part.finish != nil { return }
      case .finished(let result): give(reader.finish(result.finishReason))
      }
    }
  }
}
