import Engine
import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import NIOCore
import Scheduling
import Testing

@testable import Server

/// Against a server that answers as it is told.
struct RemoteBenchmarkTests {
  private struct Fake {
    var router = Router(context: BasicRequestContext.self)

    init(_ complete: @escaping @Sendable (Int) -> Response) {
      router.get("/v1/models") { _, _ in Response(json: ["data": [["id": "fake"]]]) }
      let next = Numbers()
      router.post("/v1/completions") { _, _ in complete(await next.next()) }
    }

    func run(_ count: Int) async throws -> RemoteBenchmark.Outcome {
      let workload = Workload(
        arrivals: (0..<count).map { _ in .init(time: 0, lengths: .init(promptTokens: 3, outputTokens: 2)) })
      var logger = Logger(label: "test")
      logger.logLevel = .critical
      return try await Application(router: router, logger: logger).test(.live) { client in
        var benchmark = RemoteBenchmark(url: "http://localhost:\(try #require(client.port))")
        benchmark.concurrency = 1
        return try await benchmark.run(ServingRun(workload, vocabulary: 10, seed: 1))
      }
    }
  }

  private actor Numbers {
    private var number = -1
    func next() -> Int {
      number += 1
      return number
    }
  }

  private static func answer(_ events: [String]) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream"],
      body: .init(byteBuffer: ByteBuffer(string: events.map { "data: \($0)\n\n" }.joined())))
  }

  private static let tokens = [#"{"choices":[{"text":"a"}]}"#, #"{"choices":[{"text":"b"}]}"#, "[DONE]"]

  @Test
  func `A request that a loaded server fails counts as that, and the others go on`() async throws {
    var busy = APIError.busy(3)
    busy.retryAfter = 0
    for (answer, part) in [
      (busy.response, "status 429"), (APIError.stopping.response, "status 503"),
      (Self.answer([#"{"error":"broken"}"#]), "broken"), (Self.answer(["[DONE]"]), "without a token"),
    ] {
      let all = try await Fake { _ in answer }.run(1)
      #expect(all.isFailure && all.failure?.contains(part) == true, "\(all)")
      #expect(all.failure?.contains("http://localhost:") == true)
    }
    let outcome = try await Fake { [busy] in $0 == 1 ? busy.response : Self.answer(Self.tokens) }.run(4)
    #expect(outcome.requests.map(\.tokens.count) == [2, 0, 2, 2] && !outcome.isFailure)
    let report = ServingReport(
      policy: "", requestRate: nil, requests: outcome.requests, totals: IterationTotals(), serviceLevel: nil)
    #expect(report.completed == 3 && report.failed == 1)
    #expect(report.lines.contains { $0.hasPrefix("Failed requests:") && $0.hasSuffix(" 1") })
  }

  @Test
  func `A server that does not take the requests ends the run, and is named`() async throws {
    for (error, part) in [(APIError.invalid("bad"), "status 400"), (APIError.wrongKey, "status 401")] {
      let thrown = await #expect(throws: EngineError.self) { _ = try await Fake { _ in error.response }.run(2) }
      #expect(thrown?.description.contains(part) == true, "\(part)")
      #expect(thrown?.description.contains("http://localhost:") == true)
    }
  }
}
