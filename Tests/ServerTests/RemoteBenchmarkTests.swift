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

    func run(_ count: Int) async throws -> [RequestTimes] {
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
  func `A request that a full server refuses has failed, and the others count`() async throws {
    let times = try await Fake { $0 == 1 ? APIError.busy(3).response : Self.answer(Self.tokens) }.run(4)
    #expect(times.map(\.tokens.count) == [2, 0, 2, 2])
    let report = ServingReport(
      policy: "", requestRate: nil, requests: times, totals: IterationTotals(), serviceLevel: nil)
    #expect(report.completed == 3 && report.failed == 1)
    #expect(report.lines.contains { $0.hasPrefix("Failed requests:") && $0.hasSuffix(" 1") })
  }

  @Test
  func `What else goes wrong ends the run, and says where`() async throws {
    for (answer, part) in [
      (APIError.stopping.response, "refused"), (APIError.invalid("bad").response, "status 400"),
      (Self.answer([#"{"error":"broken"}"#]), "broken"), (Self.answer(["[DONE]"]), "without a token"),
    ] {
      let error = await #expect(throws: EngineError.self) { _ = try await Fake { _ in answer }.run(2) }
      #expect(error?.description.contains(part) == true, "\(part)")
      #expect(error?.description.contains("http://localhost:") == true)
    }
  }
}
