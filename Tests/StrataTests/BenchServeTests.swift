import Foundation
import TestSupport
import Testing

/// `strata bench serve` and `strata bench scheduler`, end to end.
struct BenchServeTests {
  private let model = Fixtures.path("tiny-moe")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func serve(_ lines: [String], _ options: [String], device: String = "reference") async throws -> Outcome {
    let trace = try folder.write("trace.csv", (["prompt_tokens,output_tokens"] + lines).joined(separator: "\n") + "\n")
    return try await Strata.run(
      ["bench", "serve", "--model", model, "--device", device, "--trace", trace] + options)
  }

  /// What the tests read of a report.
  private struct Report: Decodable {
    struct Times: Decodable {
      var count: Int
      var mean: Double
      var median: Double
      var p90: Double
      var p99: Double
      var maximum: Double
    }
    var round: Int?
    var policy: String
    var requestRate: Double
    var completed: Int
    var duration: Double
    var totalInputTokens: Int
    var totalOutputTokens: Int
    var ttft: Times
    var tpot: Times
    var itl: Times
    var e2el: Times
    var attainment: Double?
    var goodput: Double?
    var iterations: Int
    var meanDecodeBatch: Double
    var expertBytesDecode: Double
    var expertBytesPrefill: Double
    var preemptions: Int
  }

  @Test(arguments: Strata.targets)
  func everyPolicyServesTheSameRequests(device: String) async throws {
    let outcome = try await serve(
      ["12,3", "5,4", "20,1"],
      [
        "--request-rate", "200", "--num-requests", "6", "--policy", "layered", "chunked", "adaptive", "continuous",
        "--chunk-size", "8", "16", "--slo-ttft", "60000", "--slo-tbt", "60000", "--json",
      ], device: device)
    let reports = try outcome.expectSuccess().json([Report].self)
    #expect(reports.map(\.policy) == ["layered", "chunked 8", "chunked 16", "adaptive", "continuous"])
    for report in reports {
      #expect(report.round == 1 && report.requestRate == 200 && report.completed == 6)
      // Each line twice.
      #expect(report.totalInputTokens == 74 && report.totalOutputTokens == 16)
      #expect(report.ttft.count == 6 && report.itl.count == 10 && report.tpot.count == 4 && report.e2el.count == 6)
      #expect(report.ttft.mean > 0 && report.e2el.maximum <= report.duration)
      #expect(report.attainment == 1 && report.preemptions == 0)
      #expect(report.iterations > 0 && report.expertBytesPrefill > 0)
    }
    #expect(outcome.errors.contains("warming up\n") && outcome.errors.contains("layered: 6 of 6 done\n"))
  }

  /// One prompt alone: the bytes are those that `strata run` has by layer groups and chunks, in every round.
  @Test func roundsAreFollowedByMedians() async throws {
    let outcome = try await serve(
      ["24,2"],
      ["--request-rate", "50", "100", "--num-requests", "1", "--policy", "layered", "chunked", "--chunk-size", "8"]
        + ["--rounds", "3", "--json"])
    let reports = try outcome.expectSuccess().json([Report].self)
    #expect(reports.map(\.round) == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, nil, nil, nil, nil])
    #expect(reports.suffix(4).map(\.policy) == ["layered", "chunked 8", "layered", "chunked 8"])
    #expect(reports.suffix(4).map(\.requestRate) == [50, 50, 100, 100])
    for offset in 0..<4 {
      let same = stride(from: offset, to: 12, by: 4).map { reports[$0] }
      #expect(reports[12 + offset].ttft.mean == same.map(\.ttft.mean).sorted()[1])
      #expect(Set(same.map(\.expertBytesPrefill)) == [reports[12 + offset].expertBytesPrefill])
    }
    // Three chunks read more than one tile.
    #expect(reports[1].expertBytesPrefill > reports[0].expertBytesPrefill)
    #expect(reports[0].expertBytesDecode == reports[1].expertBytesDecode && reports[0].attainment == nil)
  }

  @Test func thereIsATableForPeople() async throws {
    let outcome = try await serve(["9,2"], ["--request-rate", "100", "--num-requests", "2"]).expectSuccess()
    for line in [
      "Serving Benchmark Result: layered", "Successful requests:                      2\n",
      "Total input tokens:                       18\n", "Mean TTFT (ms):", "P99 ITL (ms):",
      "Expert bytes read, in tiles",
    ] { #expect(outcome.output.contains(line), "\(line)") }
    let rounds = try await serve(
      ["9,2"], ["--request-rate", "100", "--num-requests", "2", "--rounds", "2", "--policy", "chunked"])
    #expect(rounds.expectSuccess().output.hasPrefix("Medians of 2 rounds:\n"))
    #expect(rounds.errors.contains("round 2 of 2, 100.0 requests/s, chunked"))
  }

  @Test(arguments: [
    (["--request-rate", "0"], "request-rate is 0.0, expected a number above 0"),
    (["--request-rate", "nan"], "request-rate is nan"),
    (["--num-requests", "0"], "num-requests is 0"), (["--rounds", "0"], "rounds is 0, expected 1 or more"),
    (["--shared-tokens", "-1"], "shared-tokens is -1"), (["--max-num-seqs", "0"], "max-num-seqs is 0"),
    (["--max-num-batched-tokens", "0"], "max-num-batched-tokens is 0"),
    (["--slo-ttft", "5"], "slo-ttft and slo-tbt go"),
    (["--policy", "chunked", "--chunk-size", "0"], "chunk-size is 0"), (["--layer-groups", "9"], "layer-groups is 9"),
    (["--policy", "adaptive", "--tbt-target", "0"], "tbt-target is 0"),
    (["--cache-positions", "0"], "cache-positions is 0"),
    (["--cache-positions", "\(Int.max)"], "cache-positions is \(Int.max), expected at most"),
    (["--request-rate", "1e-300"], "request-rate is 1e-300: 2 requests would come"),
    (
      ["--cache-positions", "16"],
      "1 of 2 requests do not fit into the KV cache of 16 positions: the longest has 30 prompt tokens and 4 to generate, "
        + "which need 33; give cache-positions 33 or more"
    ),
  ])
  func valuesOutOfRangeAreRefused(options: [String], problem: String) async throws {
    let rate = options.contains("--request-rate") ? [] : ["--request-rate", "10"]
    let count = options.contains("--num-requests") ? [] : ["--num-requests", "2"]
    try await serve(["8,2", "30,4"], rate + count + options).expectFailure(problem)
  }

  @Test func whatIsLongerThanTheContextIsCounted() async throws {
    try await serve(["8,2", "2000,100", "3000,1"], ["--request-rate", "10", "--num-requests", "6"]).expectFailure(
      "4 of 6 requests do not fit into the model's context of 2048 positions", "3000 prompt tokens and 1 to generate",
      "take such lines out of the trace")
  }

  /// Prompts that are more together than the longest alone, with room for few experts; a KV cache for the longest request is
  /// found, too, if there is room for it.
  @Test(.needsOpenCL, arguments: [[], ["--cache-positions", "1024"]])
  func manyPromptsFitIntoASmallBudget(cache: [String]) async throws {
    let outcome = try await serve(
      ["300,2", "200,2", "250,3", "290,2", "30,2", "299,1"],
      [
        "--request-rate", "1000", "--num-requests", "12", "--device-memory", "11.75MiB", "--policy", "layered",
        "chunked",
        "adaptive", "continuous", "--chunk-size", "64", "2000", "--json",
      ] + cache, device: "0")
    #expect(try outcome.expectSuccess().json([Report].self).map(\.completed) == [12, 12, 12, 12, 12])
  }

  @Test func chunksAreNotMoreThanPassTogether() async throws {
    try await serve(["8,2"], ["--policy", "chunked", "--chunk-size", "100", "--max-num-batched-tokens", "99"])
      .expectUsageError("'--chunk-size' is 100, expected at most '--max-num-batched-tokens', which is 99")
  }

  @Test func aMalformedLineIsNamed() async throws {
    try await serve(["8,2", "8"], ["--request-rate", "10"]).expectFailure("trace.csv: line 3: found \"8\"")
  }

  @Test func theSchedulerIsMeasured() async throws {
    struct Result: Decodable {
      var policy: String
      var running: Int
      var waiting: Int
    }
    let options = ["--running", "2", "5", "--waiting", "10", "--iterations", "5", "--policy", "layered", "chunked"]
    let outcome = try await Strata.run(["bench", "scheduler", "--json"] + options).expectSuccess()
    let results = try outcome.json([Result].self)
    #expect(results.map(\.running) == [2, 5, 2, 5] && results.allSatisfy { $0.waiting == 10 })
    try await Strata.run("bench", "scheduler", "--running", "0").expectFailure("running is 0, expected 1 or more")
    for option in ["running", "waiting", "iterations"] {
      try await Strata.run("bench", "scheduler", "--\(option)", "\(Int.max)").expectFailure(
        "\(option) is \(Int.max), expected at most")
    }
    let table = try await Strata.run(["bench", "scheduler"] + options).expectSuccess()
    #expect(table.output.split(separator: "\n").count == 5)
  }
}
