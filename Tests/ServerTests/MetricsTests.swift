import Engine
import Hummingbird
import HummingbirdTesting
import NIOCore
import Scheduling
import Testing

@testable import Server

struct MetricsTests {
  @Test
  func `A histogram counts up to its bounds`() {
    var histogram = Histogram([1, 2])
    for value in [0.5, 1, 1.5, 7] { histogram.add(value) }
    var text = PrometheusText(labels: [("m", "a\"b")])
    text.histogram("h", "Help.", histogram)
    #expect(
      text.text == """
        # HELP h Help.
        # TYPE h histogram
        h_bucket{m="a\\"b",le="1"} 2
        h_bucket{m="a\\"b",le="2"} 3
        h_bucket{m="a\\"b",le="+Inf"} 4
        h_sum{m="a\\"b"} 10
        h_count{m="a\\"b"} 4

        """)
  }

  private func iteration(
    at began: Double, _ seconds: Double, decode: [Int] = [],
    prefill: [(id: Int, tokens: Range<Int>, layers: Range<Int>)] = [],
    advanced: [Int], ended: [Int] = []
  ) -> EngineEvent {
    let tiles = prefill.map {
      PrefillTile(slices: [.init(request: RequestID($0.id), tokens: $0.tokens)], layers: $0.layers)
    }
    return .iteration(
      EngineIteration(
        began: began, seconds: seconds, predicted: 2 * seconds,
        plan: IterationPlan(decode: decode.map(RequestID.init), prefill: tiles),
        outcome: IterationOutcome(advanced: advanced.map(RequestID.init), finished: ended.map(RequestID.init)),
        reasons: Dictionary(uniqueKeysWithValues: ended.map { (RequestID($0), .length) }),
        load: EngineLoad(running: 1, freeBlocks: 3, blocks: 4), statistics: SchedulerStatistics(), policy: "layered"))
  }

  /// Two requests: the first waits 1 s, has two groups of 1 s, and decodes for 0.5 and 2 s; the second leaves.
  @Test
  func `Times and counts follow from the engine's events`() async {
    let metrics = ServerMetrics(model: "m", admission: Admission(capacity: 4), tbtTarget: 1)
    await metrics.add(.submitted(RequestID(1), promptTokens: 10, maxTokens: 3, time: 0, waiting: 1))
    await metrics.add(.submitted(RequestID(2), promptTokens: 5, maxTokens: 3, time: 0, waiting: 2))
    await metrics.add(iteration(at: 1, 1, prefill: [(1, 0..<10, 0..<4)], advanced: []))
    await metrics.add(iteration(at: 2, 1, prefill: [(1, 0..<10, 4..<8)], advanced: [1]))
    await metrics.add(iteration(at: 3, 0.5, decode: [1], advanced: [1]))
    await metrics.add(.cancelled(RequestID(2), time: 3.5, load: EngineLoad(running: 1, freeBlocks: 2, blocks: 4)))
    await metrics.add(iteration(at: 3.5, 2, decode: [1], advanced: [1], ended: [1]))
    let text = await metrics.text
    for line in [
      "time_to_first_token_seconds_sum{model_name=\"m\"} 3", "time_to_first_token_seconds_count{model_name=\"m\"} 1",
      "inter_token_latency_seconds_sum{model_name=\"m\"} 2.5", "inter_token_latency_seconds_count{model_name=\"m\"} 2",
      "request_queue_time_seconds_sum{model_name=\"m\"} 1", "request_prefill_time_seconds_sum{model_name=\"m\"} 2",
      "request_decode_time_seconds_sum{model_name=\"m\"} 2.5", "e2e_request_latency_seconds_sum{model_name=\"m\"} 5.5",
      "prompt_tokens_total{model_name=\"m\"} 10", "generation_tokens_total{model_name=\"m\"} 3",
      "tbt_target_misses_total{model_name=\"m\"} 1", "prompt_tiles_sum{model_name=\"m\"} 2",
      "tile_tokens_sum{model_name=\"m\"} 20", "tile_layers_sum{model_name=\"m\"} 8",
      "iterations_total{model_name=\"m\"} 4",
      "iteration_time_ratio_sum{model_name=\"m\"} 2", "kv_cache_usage_perc{model_name=\"m\"} 0.25",
      "request_success_total{model_name=\"m\",finished_reason=\"abort\"} 1",
      "request_success_total{model_name=\"m\",finished_reason=\"length\"} 1",
      "scheduler_policy{model_name=\"m\",policy=\"layered\"} 1",
    ] {
      #expect(text.contains("strata:\(line)\n"), "\(line)")
    }
  }

  @Test
  func `What a client held that leaves last is free`() async throws {
    let server = try TestServer()
    try await server.test { client in
      func load() async throws -> [String] {
        let names = ["kv_cache_usage_perc", "num_requests_running", "num_requests_waiting"]
        let text = try await client.execute(uri: "/metrics", method: .get) { String(buffer: $0.body) }
        return names.map { name in
          let line = text.split(separator: "\n").first { $0.hasPrefix("strata:\(name){") }
          return line?.split(separator: " ").last.map(String.init) ?? ""
        }
      }
      /// Waits for what the server is told a moment later.
      func wait(_ isThere: ([String]) -> Bool) async throws -> [String] {
        var last = try await load()
        for _ in 0..<1000 where !isThere(last) {
          try await Task.sleep(for: .milliseconds(10))
          last = try await load()
        }
        return last
      }
      let request = GenerationRequest(prompt: [Int32](1...40), maxTokens: 400)
      var stream: AsyncThrowingStream<GenerationEvent, any Error>? = try await server.engine.submit([request])[0]
      var events = stream?.makeAsyncIterator()
      _ = try await events?.next()
      let busy = try await wait { $0[1] == "1" }
      #expect(busy[0] != "0" && busy[1] == "1")
      (stream, events) = (nil, nil)
      #expect(try await wait { $0 == ["0", "0", "0"] } == ["0", "0", "0"])
    }
  }
}
