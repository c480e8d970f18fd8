import Engine
import Foundation
import JSON
import Synchronization

/// Collects the spans of a request: one of its own, and below it how long each choice has waited, what its prompt took, and
/// what its tokens took.
final class RequestTrace: Sendable {
  private struct State {
    var server: Span
    var parts: [Span] = []
    var isOver = false
  }

  private let state: Mutex<State>
  /// Nanoseconds since 1970 at which the engine's clock was 0.
  private let origin: Int
  private let give: @Sendable ([Span]) -> Void

  /// - Parameters:
  ///   - now: nanoseconds since 1970, and the engine's clock at the same time.
  ///   - give: takes all spans when the request is over.
  init(
    _ context: TraceContext, operation: String, model: String, requestID: String, promptTokens: Int,
    now: (unix: Int, engine: Double), give: @escaping @Sendable ([Span]) -> Void
  ) {
    origin = now.unix - Self.nanoseconds(now.engine)
    self.give = give
    var server = Span(
      trace: context.trace, parent: context.parent, name: "\(operation) \(model)", kind: .server, start: now.unix,
      end: now.unix)
    // The names are those of OpenTelemetry's conventions for generative AI.
    server.attributes = [
      ("gen_ai.operation.name", .text(operation)), ("gen_ai.request.model", .text(model)),
      ("gen_ai.usage.input_tokens", .int(promptTokens)), ("strata.request_id", .text(requestID)),
    ]
    state = Mutex(State(server: server))
  }

  /// The engine is through with a choice. It is not where a stop string has ended the choice.
  func add(_ choice: Int, _ result: GenerationResult) {
    guard let first = result.tokenTimes.first, let last = result.tokenTimes.last else { return }
    let began = result.began ?? result.arrival
    let tokens = result.tokenTimes.count
    state.withLock { state in
      let server = state.server
      func part(_ name: String, _ start: Double, _ end: Double, _ attributes: [(String, JSONValue)] = []) -> Span {
        Span(
          trace: server.trace, parent: server.id, name: name, start: origin + Self.nanoseconds(start),
          end: origin + Self.nanoseconds(end), attributes: [("strata.choice", .int(choice))] + attributes)
      }
      state.parts += [
        part("queue", result.arrival, began),
        part("prefill", began, first, [("gen_ai.usage.input_tokens", .int(result.promptTokens))]),
        part("decode", first, last, [("gen_ai.usage.output_tokens", .int(tokens))]),
      ]
    }
  }

  /// The answer is over; only the first call counts.
  /// - Parameters:
  ///   - tokens: of the answer.
  ///   - reasons: why choices have ended.
  ///   - failure: what the client was told in place of the answer's end.
  func end(at unix: Int = RequestTrace.now, tokens: Int, reasons: [String], failure: String? = nil) {
    let spans = state.withLock { state -> [Span] in
      guard !state.isOver else { return [] }
      state.isOver = true
      state.server.end = unix
      state.server.failure = failure
      state.server.attributes += [
        ("gen_ai.usage.output_tokens", .int(tokens)),
        ("gen_ai.response.finish_reasons", .array(reasons.map(JSONValue.text))),
      ]
      return [state.server] + state.parts
    }
    if !spans.isEmpty { give(spans) }
  }

  /// Nanoseconds since 1970.
  static var now: Int { nanoseconds(Date().timeIntervalSince1970) }

  private static func nanoseconds(_ seconds: Double) -> Int { Int((seconds * 1e9).rounded()) }
}
