import TestSupport
import Testing

/// `strata bench`, end to end.
struct BenchTokensTests {
  private let model = Fixtures.path("tiny-moe")

  private func bench(_ options: String..., device: String = "reference") async throws -> Outcome {
    try await Strata.run(["bench", "-m", model, "--device", device] + options)
  }

  /// What the tests read of a result: llama-bench's names, and ours.
  private struct Result: Decodable {
    var n_prompt: Int
    var n_gen: Int
    var n_parallel: Int
    var n_depth: Int
    var model_filename: String
    var model_size: Int
    var model_n_params: Int
    var avg_ns: Double
    var stddev_ns: Double
    var avg_ts: Double
    var stddev_ts: Double
    var samples_ns: [Double]
    var samples_ts: [Double]
    var test_time: String
    var expert_bytes_per_token: Double
    var bandwidth_share: Double?
    var ops: Ops?

    struct Ops: Decodable {
      var ops: [Op]
      var kernel_seconds: Double
    }

    struct Op: Decodable {
      var name: String
      var launches: Int
      var share: Double
    }
  }

  @Test(arguments: Strata.targets)
  func resultsHaveTheFieldsOfLlamaBench(device: String) async throws {
    let outcome = try await bench(
      "-p", "8,16", "-n", "4", "-pg", "8,4", "-b", "1,2", "-r", "3", "-o", "json", device: device)
    let results = try outcome.expectSuccess().json([Result].self)
    #expect(results.map(\.n_prompt) == [8, 16, 0, 8, 8, 16, 0, 8])
    #expect(results.map(\.n_gen) == [0, 0, 4, 4, 0, 0, 4, 4])
    #expect(results.map(\.n_parallel) == [1, 1, 1, 1, 2, 2, 2, 2])
    for result in results {
      #expect(result.model_filename == model && result.model_n_params == 10_669_760 && result.n_depth == 0)
      #expect(result.samples_ns.count == 3 && result.samples_ts.count == 3)
      let tokens = Double(result.n_parallel * (result.n_prompt + result.n_gen))
      for (nanoseconds, rate) in zip(result.samples_ns, result.samples_ts) {
        #expect(abs(tokens / nanoseconds * 1e9 / rate - 1) < 1e-3)
      }
      let mean = result.samples_ts.reduce(0, +) / 3
      let squares = result.samples_ts.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      #expect(abs(result.avg_ts / mean - 1) < 1e-9)
      #expect(abs(result.stddev_ts - (squares / 2).squareRoot()) <= 1e-6 * mean)
      #expect((result.bandwidth_share == nil) == (device == "reference"))
    }
    // Without batch mates, a decoded token reads its 4 experts of each of 8 layers: 3 · 192 · 64 weights of 2 bytes each.
    #expect(results[2].expert_bytes_per_token == Double(8 * 4 * 3 * 192 * 64 * 2))
  }

  @Test(.needsOpenCL) func timeIsDividedAmongKernels() async throws {
    let outcome = try await bench("-p", "0", "-n", "6", "-r", "1", "--ops", "-o", "json", device: "0")
    let result = try #require(try outcome.expectSuccess().json([Result].self).first)
    let ops = try #require(result.ops)
    #expect(abs(ops.ops.map(\.share).reduce(0, +) - 1) < 1e-9)
    #expect(ops.kernel_seconds > 0)
    // One gather and one embedding for each of the six tokens.
    #expect(ops.ops.first { $0.name == "embedding" }?.launches == 6)
    #expect(ops.ops.first { $0.name == "gather" }?.launches == 6)
  }

  @Test func tablesAreThoseOfLlamaBench() async throws {
    let table = try await bench("-p", "4", "-n", "2", "-r", "2").expectSuccess().output
    let lines = table.split(separator: "\n")
    let titles = ["model", "size", "params", "backend", "test", "t/s"]
    for (field, title) in zip(lines[0].split(separator: "|"), titles) { #expect(field.contains(title)) }
    #expect(lines[2].contains(" pp4 |") && lines[3].contains(" tg2 |") && lines[2].contains(" ± "))
    #expect(lines[2].contains(" 20.35 MiB |") && lines[2].contains(" 10.67 M |"))
    let csv = try await bench("-p", "4", "-n", "0", "-r", "2", "-o", "csv").expectSuccess().output
    let rows = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(rows.count == 2 && rows[0].count == rows[1].count)
    #expect(rows[0].contains("avg_ts") && rows[0].contains("stddev_ts"))
  }

  @Test func rangesAreThoseOfLlamaBench() async throws {
    let outcome = try await bench("-p", "1-8*2,3-9+3", "-n", "0", "-r", "1", "--no-warmup", "-o", "json")
    let results = try outcome.expectSuccess().json([Result].self)
    #expect(results.map(\.n_prompt) == [1, 2, 4, 8, 3, 6, 9])
  }

  @Test func badOptionsAreUsageErrors() async throws {
    try await bench("-p", "0", "-n", "0").expectUsageError("there is no test")
    try await bench("-p", "many").expectUsageError("-p")
    try await bench("-p", "8-4").expectUsageError("-p")
    try await bench("-p", "0-8*2").expectUsageError("-p")
    try await bench("-p", "-1").expectUsageError("-p")
    try await bench("-pg", "8").expectUsageError("-pg is not two numbers above 0")
    try await bench("-b", "0").expectUsageError("--batch is 0")
    try await bench("-r", "0").expectUsageError("--repetitions is 0")
  }

  @Test func whatDoesNotFitIsAnError() async throws {
    try await bench("-p", "100000").expectFailure("pp100000", "do not fit into the model's context")
    try await Strata.run(["bench", "-m", "/nowhere", "--device", "reference"]).expectFailure("/nowhere")
  }
}
