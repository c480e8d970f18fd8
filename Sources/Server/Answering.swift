import Engine
import Grammars
import Scheduling
import Synchronization

/// One answer under way: requests to the engine, and what comes of them.
struct Answering: Sendable {
  private let events: Events
  /// Ends a choice's request.
  private let cancel: @Sendable (Int) -> Void
  private let makeReaders: @Sendable () -> [ChoiceReader]
  private let trace: RequestTrace?
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

  /// What the engine gives, with the number of the choice; ends with the last choice.
  typealias Events = AsyncThrowingStream<(choice: Int, event: GenerationEvent), any Error>

  /// Hands the job to the engine.
  /// - Parameters:
  ///   - trace: collects the answer's spans; nil for none.
  ///   - reader: makes the reader of a choice.
  /// - Throws: `APIError` for what can never run.
  init(
    _ job: Job, on engine: Engine, trace: RequestTrace?, reader: @escaping @Sendable () -> ChoiceReader
  ) async throws {
    self.trace = trace
    let requests = job.requests
    let (stream, continuation) = Events.makeStream()
    let open = OpenChoices(requests.count)
    let ids: [RequestID]
    do {
      ids = try await engine.start(requests) { choice in
        EventSink(
          give: { continuation.yield((choice, $0)) },
          end: { error in
            if let error {
              continuation.finish(throwing: APIError(running: error))
            } else if open.closeOne() {
              continuation.finish()
            }
          })
      }
    } catch {
      throw APIError(submitting: error)
    }
    let cancel: @Sendable ([RequestID]) -> Void = { ids in
      Task { for id in ids { await engine.cancel(id) } }
    }
    continuation.onTermination = { _ in cancel(ids) }
    events = stream
    end = { continuation.finish(throwing: $0) }
    self.cancel = { cancel([ids[$0]]) }
    makeReaders = { ids.map { _ in reader() } }
    promptTokens = job.prompts.reduce(0) { $0 + $1.count }
  }

  /// Waits for the first event, with which `read` goes on.
  func first() async throws -> (choice: Int, event: GenerationEvent)? {
    var iterator = events.makeAsyncIterator()
    do {
      return try await iterator.next()
    } catch {
      trace?.end(tokens: 0, reasons: [], failure: "\(error)")
      throw error
    }
  }

  /// Reads all choices up to their ends or stop strings.
  /// - Parameters:
  ///   - first: the event that has come already.
  ///   - body: takes what is new, with the number of its choice.
  /// - Throws: `APIError` if the answer ends before that.
  func read(
    _ first: (choice: Int, event: GenerationEvent)? = nil, _ body: (Int, AnswerPart) async throws -> Void
  ) async throws {
    var readers: [ChoiceReader?] = makeReaders()
    var open = readers.count
    var tokens = 0
    var reasons: [String] = []
    func take(_ next: (choice: Int, event: GenerationEvent)) async throws {
      guard let part = readers[next.choice]?.read(next.event) else { return }
      tokens += part.tokens
      if case .finished(let result) = next.event { trace?.add(next.choice, result) }
      if let reason = part.finish {
        readers[next.choice] = nil
        reasons.append(reason)
        open -= 1
        // After a stop string the engine would go on.
        if case .token = next.event { cancel(next.choice) }
      }
      try await body(next.choice, part)
    }
    do {
      if let first { try await take(first) }
      var iterator = events.makeAsyncIterator()
      while open > 0, let next = try await iterator.next() { try await take(next) }
      guard open == 0 else { throw APIError.stopping }
      trace?.end(tokens: tokens, reasons: reasons)
    } catch {
      trace?.end(tokens: tokens, reasons: reasons, failure: "\(error)")
      throw error
    }
  }
}

extension ChoiceReader {
  mutating func read(_ event: GenerationEvent) -> AnswerPart {
    switch event {
    case .prompt(let logprobs): AnswerPart(promptLogprobs: logprobs)
    case .token(let token, let text, let logprobs): append(token, text: text, logprobs)
    case .finished(let result): finish(result.finishReason)
    }
  }
}

/// Counts the choices whose requests run.
private final class OpenChoices: Sendable {
  private let count: Mutex<Int>

  init(_ count: Int) { self.count = Mutex(count) }

  /// Whether it was the last.
  func closeOne() -> Bool {
    count.withLock {
      $0 -= 1
      return $0 == 0
    }
  }
}
