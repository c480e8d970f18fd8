import JSON
import Synchronization
import Testing

@testable import Engine
@testable import Server

struct TracingTests {
  private let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private let parent = "00f067aa0ba902b7"

  @Test
  func `The header names trace and span`() throws {
    let context = try #require(TraceContext(header: "00-\(trace)-\(parent)-01"))
    #expect((context.trace, context.parent, context.isSampled) == (trace, parent, true))
    #expect(TraceContext(header: "00-\(trace)-\(parent)-00")?.isSampled == false)
    #expect(TraceContext(header: "cc-\(trace)-\(parent)-01-later")?.trace == trace, "of a later version")
  }

  @Test(arguments: [
    "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-x1",
  ])
  func `A header that says nothing is none`(header: String) { #expect(TraceContext(header: header) == nil) }

  @Test
  func `A new trace has names of its own`() {
    let context = TraceContext()
    #expect(context.trace.count == 32)
    #expect(context.parent == nil)
    #expect(context.isSampled)
    #expect(context != TraceContext())
  }

  private func result(arrival: Double, began: Double, tokens: [Double]) -> GenerationResult {
    GenerationResult(
      promptTokens: 7, tokens: tokens.map { _ in 1 }, text: "", finishReason: .length, arrival: arrival, began: began,
      tokenTimes: tokens, inSystemAtArrival: 0)
  }

  /// The engine's clock is 10 s at 1,000 s since 1970, so that its 0 is at 990 s.
  @Test
  func `Spans are what the engine's times say`() throws {
    let given = Mutex<[Span]>([])
    let context = try #require(TraceContext(header: "00-\(trace)-\(parent)-01"))
    let request = RequestTrace(
      context, operation: "chat", model: "m", requestID: "r", promptTokens: 7, now: (1_000_000_000_000, 10)
    ) { spans in given.withLock { $0 += spans } }
    request.add(0, result(arrival: 10.5, began: 11, tokens: [12, 12.25, 13]))
    request.end(at: 1_004_000_000_000, tokens: 3, reasons: ["length"])
    request.end(tokens: 0, reasons: [])
    let spans = given.withLock { $0 }
    #expect(spans.map(\.name) == ["chat m", "queue", "prefill", "decode"])
    #expect(spans.map(\.start) == [1000, 1000.5, 1001, 1002].map { Int($0 * 1e9) })
    #expect(spans.map(\.end) == [1004, 1001, 1002, 1003].map { Int($0 * 1e9) })
    #expect(spans.allSatisfy { $0.trace == trace })
    #expect(spans[0].parent == parent)
    #expect(spans.dropFirst().allSatisfy { $0.parent == spans[0].id })
    #expect(spans[0].failure == nil)
    let body = Span.export(spans)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    #expect(body[0]["kind"] == 2)
    #expect(body[0]["startTimeUnixNano"].string == "1000000000000")
    let tokens = body[0]["attributes"].elements.first { $0["key"].string == "gen_ai.usage.output_tokens" }
    #expect(tokens?["value"]["intValue"].string == "3")
  }

  @Test
  func `A failure is one of the request's span`() {
    let given = Mutex<[Span]>([])
    let request = RequestTrace(
      TraceContext(), operation: "chat", model: "m", requestID: "r", promptTokens: 1, now: (0, 0)
    ) { spans in given.withLock { $0 += spans } }
    request.end(tokens: 0, reasons: [], failure: "the server shuts down")
    let spans = given.withLock { $0 }
    #expect(spans.count == 1)
    #expect(spans.first?.json["status"] == ["code": 2, "message": "the server shuts down"])
  }
}
