import Foundation
import TestSupport
import Testing

/// `strata bench`, end to end.
struct BenchTokensTests {
  private let model = Fixtures.path("tiny-moe")

  private func bench(_ options: String..., device: String = "reference") async throws -> Outcome {
    try await Strata.run(["bench", "-m", model, "--device", device] + options)
  }

  private static func results(_ outcome: Outcome) throws -> [Result] {
    outcome.expectSuccess()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode([Result].self, from: outcome.data)
  }

  /// What the tests read of a result: llama-bench's names, and ours.
  private struct Result: Decodable {
    var nPrompt: Int
    var nGen: Int
    var nParallel: Int
    var nDepth: Int
    var modelFilename: String
    var modelSize: Int
    var modelNParams: Int
    var avgNs: Double
    var stddevNs: Double
    var avgTs: Double
    var stddevTs: Double
    var samplesNs: [Double]
    var samplesTs: [Double]
    var testTime: String
    var expertBytesPerToken: Double
    var bandwidthShare: Double?
    var ops: Ops?

    struct Ops: Decodable {
      var ops: [Op]
      var kernelSeconds: Double
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
    let results = try Self.results(outcome)
    #expect(results.map(\.nPrompt) == [8, 16, 0, 8, 8, 16, 0, 8])
    #expect(results.map(\.nGen) == [0, 0, 4, 4, 0, 0, 4, 4])
    #expect(results.map(\.nParallel) == [1, 1, 1, 1, 2, 2, 2, 2])
    let names: [String] = [
      "n_prompt", "avg_ns", "stddev_ns", "avg_ts", "stddev_ts", "samples_ns", "samples_ts", "model_n_params",
    ]
    for name in names {
      let field = "\"\(name)\" : "
      #expect(outcome.output.contains(field))
    }
    for result in results {
      #expect(result.modelFilename == model)
      #expect(result.modelNParams == 10_669_760)
      #expect(result.nDepth == 0)
      #expect(result.samplesNs.count == 3 && result.samplesTs.count == 3)
      let tokens = Double(result.nParallel * (result.nPrompt + result.nGen))
      for (nanoseconds, rate) in zip(result.samplesNs, result.samplesTs) {
        let expected: Double = tokens / (nanoseconds * 1e-9)
        #expect(abs(rate - expected) < 1e-3 * expected)
      }
      let mean: Double = result.samplesTs.reduce(0, +) / 3
      let squares: [Double] = result.samplesTs.map { ($0 - mean) * ($0 - mean) }
      let deviation: Double = (squares.reduce(0, +) / 2).squareRoot()
      #expect(abs(result.avgTs - mean) < 1e-9 * mean)
      #expect(abs(result.stddevTs - deviation) <= 1e-6 * mean)
      #expect((result.bandwidthShare == nil) == (device == "reference"))
    }
    // Without batch mates, a decoded token reads its 4 experts of each of 8 layers: 3 · 192 · 64 weights of 2 bytes each.
    #expect(results[2].expertBytesPerToken == 2_359_296)
  }

  /// What is in the cache already is neither run again nor counted.
  @Test(arguments: Strata.targets)
  func testsBeginBehindTokensInTheCache(device: String) async throws {
    let results = try Self.results(
      try await bench("-p", "16", "-n", "4", "-d", "0,32", "-b", "2", "-r", "1", "-o", "json", device: device))
    #expect(results.map(\.nDepth) == [0, 0, 32, 32])
    #expect(results.map(\.nPrompt) == [16, 0, 16, 0])
    for result in results {
      let tokens = Double(2 * (result.nPrompt + result.nGen))
      #expect(abs(result.samplesTs[0] * result.samplesNs[0] * 1e-9 - tokens) < 1e-3 * tokens)
    }
    // A pass over 32 rows reads an expert of each layer once at most: 8 · 32 experts of 3 · 192 · 64 weights of 2 bytes.
    #expect(results[2].expertBytesPerToken * 32 <= 8 * 32 * 73_728)
    #expect(results[2].expertBytesPerToken > 0)
  }

  @Test(.needsOpenCL) func timeIsDividedAmongKernels() async throws {
    let outcome = try await bench("-p", "0", "-n", "6", "-r", "1", "--ops", "-o", "json", device: "0")
    let result = try #require(try Self.results(outcome).first)
    let ops = try #require(result.ops)
    #expect(abs(ops.ops.map(\.share).reduce(0, +) - 1) < 1e-9)
    #expect(ops.kernelSeconds > 0)
    // One embedding for each of the six tokens, and eight layers' experts.
    #expect(ops.ops.first { $0.name == "embedding" }?.launches == 6)
    #expect(ops.ops.first { $0.name == "gate_up" }?.launches == 6 * 8)
  }

  @Test func tablesAreThoseOfLlamaBench() async throws {
    let table = try await bench("-p", "4", "-n", "2", "-r", "2").expectSuccess().output
    let lines = table.split(separator: "\n")
    let titles = ["model", "size", "params", "backend", "test", "t/s"]
    for (field, title) in zip(lines[0].split(separator: "|"), titles) { #expect(field.contains(title)) }
    for field in [" pp4 |", " ± ", " 20.35 MiB |", " 10.67 M |"] { #expect(lines[2].contains(field)) }
    #expect(lines[3].contains(" tg2 |"))
    let csv = try await bench("-p", "4", "-n", "0", "-r", "2", "-o", "csv").expectSuccess().output
    let rows = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(rows.count == 2)
    #expect(rows[0].count == rows[1].count)
    #expect(rows[0].contains("avg_ts"))
  }

  @Test func rangesAreThoseOfLlamaBench() async throws {
    let outcome = try await bench("-p", "1-8*2,3-9+3", "-n", "0", "-r", "1", "--no-warmup", "-o", "json")
    let results = try Self.results(outcome)
    #expect(results.map(\.nPrompt) == [1, 2, 4, 8, 3, 6, 9])
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
