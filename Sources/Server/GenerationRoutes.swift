import Engine
import Foundation
import Grammars
import HTTPTypes
import Hummingbird
import JSON
import Logging
import Models
import NIOCore
import Tokenizers

/// `/v1/completions` and `/v1/chat/completions`.
struct GenerationRoutes: Sendable {
  let model: ServedModel
  let engine: Engine
  let options: ServerOptions
  let admission: Admission
  let exporter: SpanExporter?

  func completions(_ request: Request, _ context: ServerContext) async throws -> Response {
    let arrival = try admission.arrive()
    let (asked, job) = try await RequestBodies.read(request, context, options) { body in
      let asked = try CompletionRequest(body, model, admission)
      let maxTokens = try asked.prompts.map {
        max(
          1,
          try model.room(
            behind: $0, asked: asked.generation.maxTokens, fallback: options.defaultMaxTokens, param: "prompt"))
      }
      let job = Answering.Job(
        prompts: asked.prompts, generation: asked.generation, maxTokens: maxTokens, stopTokens: model.files.stopTokens,
        logprobs: asked.logprobs, promptLogprobs: asked.echoes ? asked.logprobs : nil)
      return (asked, job)
    }
    return try await answer(job, arrival, CompletionFormat(model: model, request: asked), context) {
      ChoiceReader(asked.generation, tokenizer: nil, format: nil)
    }
  }

  func chat(_ request: Request, _ context: ServerContext) async throws -> Response {
    let arrival = try admission.arrive()
    let (asked, job) = try await RequestBodies.read(request, context, options) { body in
      let asked = try ChatRequest(body, model)
      return (asked, try chatJob(asked))
    }
    let format = ChatFormat(model: model, request: asked, id: context.requestID)
    let calls = asked.tools == nil ? nil : model.toolFormat
    return try await answer(job, arrival, format, context) {
      ChoiceReader(asked.generation, tokenizer: model.tokenizer, format: calls, opening: asked.opening)
    }
  }

  private func chatJob(_ asked: ChatRequest) throws -> Answering.Job {
    let maxTokens = try model.room(
      behind: asked.prompt, asked: asked.generation.maxTokens, fallback: nil, param: "messages")
    var job = Answering.Job(
      prompts: [asked.prompt], generation: asked.generation, maxTokens: [maxTokens],
      stopTokens: model.files.replyStops(model.tokenizer), logprobs: asked.logprobs)
    if let program = try asked.tools?.grammar(model.toolFormat) ?? asked.format.grammar() {
      guard program.shortestText <= maxTokens else {
        throw APIError.invalid(
          "the shortest JSON that fits has \(program.shortestText) bytes, but there is room for \(maxTokens) tokens",
          param: "max_tokens")
      }
      job.grammar = GrammarMatcher(program, model.grammar)
    }
    return job
  }

  private func answer(
    _ job: Answering.Job, _ arrival: Admission.Arrival, _ format: some AnswerFormat, _ context: ServerContext,
    _ reader: @escaping @Sendable () -> ChoiceReader
  ) async throws -> Response {
    let ticket = try admission.enter(job.prompts.count * job.generation.choices, arrival)
    let answering = try await Answering(job, on: engine, trace: trace(job, format, context), reader: reader)
    let end = answering.end
    ticket.onStop { end($0) }
    let watch = await AnswerWatch(context.channel, limit: options.requestTimeout, age: context.age) { end($0) }
    let envelope = AnswerEnvelope(
      id: format.idPrefix + context.requestID, created: Int(Date().timeIntervalSince1970), model: model.name)
    guard job.generation.streams else {
      defer {
        watch.finish()
        withExtendedLifetime(ticket) {}
      }
      return try await whole(answering, job, format, envelope, context)
    }
    // What is wrong before the first token is an error of the response, not of the stream.
    let first: (choice: Int, event: GenerationEvent)?
    do {
      first = try await answering.first()
    } catch {
      watch.finish()
      throw APIError(running: error)
    }
    let stream = AnswerStream(
      answering: answering, format: format, envelope: envelope, includesUsage: job.generation.streamsUsage)
    let body = ResponseBody { writer in
      defer {
        watch.finish()
        withExtendedLifetime(ticket) {}
      }
      try await stream.write(first, to: &writer, context.logger)
    }
    return Response(
      status: .ok,
      headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"], body: body)
  }

  /// Nil where no spans are wanted.
  private func trace(_ job: Answering.Job, _ format: some AnswerFormat, _ context: ServerContext) -> RequestTrace? {
    guard let exporter else { return nil }
    let parent = context.traceparent.flatMap { TraceContext(header: $0) } ?? TraceContext()
    guard parent.isSampled else { return nil }
    return RequestTrace(
      parent, operation: format.operation, model: model.name, requestID: context.requestID,
      promptTokens: job.prompts.reduce(0) { $0 + $1.count },
      now: (RequestTrace.now, (ContinuousClock.now - engine.start).seconds)
    ) { spans in Task { await exporter.add(spans) } }
  }

  private func whole(
    _ answering: Answering, _ job: Answering.Job, _ format: some AnswerFormat, _ envelope: AnswerEnvelope,
    _ context: ServerContext
  ) async throws -> Response {
    var choices = [AnswerPart](repeating: AnswerPart(), count: job.prompts.count * job.generation.choices)
    do {
      try await answering.read { choices[$0].append($1) }
    } catch {
      throw APIError(running: error)
    }
    var usage = Usage(promptTokens: answering.promptTokens)
    usage.completionTokens = choices.reduce(0) { $0 + $1.tokens }
    context.note(usage)
    return Response(
      json: envelope.object(
        format.object, choices: choices.enumerated().map { format.choice($0, $1) }, usage: usage.json))
  }
}

extension AnswerPart {
  mutating func append(_ part: AnswerPart) {
    text += part.text
    reasoning += part.reasoning
    calls += part.calls
    logprobs += part.logprobs
    promptLogprobs += part.promptLogprobs
    tokens += part.tokens
    finish = part.finish ?? finish
  }
}
