import Foundation
import TestSupport
import Testing

/// `strata simulate`: the built executable in a process of its own.
struct SimulateTests {
  private struct Run: Decodable {
    struct Distribution: Decodable { var mean: Double }
    struct Request: Decodable {
      var arrival: Double
      var promptTokens: Int
      var tokens: [Double]
    }
    var policy: String
    var requestRate: Double
    var completed: Int
    var attainment: Double?
    var ttft: Distribution
    var expertBytesPrefill: Double
    var requests: [Request]?
  }

  private struct Prompt: Decodable {
    var policy: String
    var iterations: Int
    var expertBytes: Double
  }

  private let models = Fixtures.path("../../Benchmarks/models")
  private let trace = Fixtures.path("../../Benchmarks/traces/sharegpt_8k.csv")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func simulate(_ arguments: [String], model: String = "gpt-oss-20b", profile: String = "h100x2") async throws
    -> Outcome
  {
    try await Strata.run(["simulate", "--model", "\(models)/\(model)", "--profile", profile] + arguments)
  }

  private var load: [String] { ["--trace", trace, "--request-rate", "5", "--num-requests", "40"] }

  @Test func runsEveryPolicyAtEveryRate() async throws {
    let runs = try await simulate(
      [
        "--trace", trace, "--request-rate", "2", "4", "--num-requests", "30", "--policy", "chunked", "layered",
        "adaptive",
        "--chunk-size", "256", "512", "--slo-ttft", "5000", "--slo-tbt", "100", "--json", "--detailed",
      ]
    ).expectSuccess().json([Run].self)
    #expect(
      runs.map(\.policy) == ["chunked 256", "chunked 512", "layered", "adaptive"].flatMap { [$0, $0] })
    #expect(runs.map(\.requestRate) == [2, 4, 2, 4, 2, 4, 2, 4])
    for run in runs {
      #expect(run.completed == 30 && run.attainment != nil && run.expertBytesPrefill > 0)
      let requests = try #require(run.requests)
      #expect(requests.count == 30)
      #expect(requests.allSatisfy { $0.arrival > 0 && $0.tokens.first.map { [a = $0.arrival] in $0 > a } == true })
    }
  }

  @Test func theSameSeedGivesTheSameOutput() async throws {
    let arguments = load + ["--policy", "layered", "--seed", "7", "--json"]
    let one = try await simulate(arguments).expectSuccess()
    #expect(try await simulate(arguments).data == one.data)
    #expect(try await simulate(load + ["--policy", "layered", "--seed", "8", "--json"]).data != one.data)
  }

  @Test func aReportIsForPeople() async throws {
    let one = try await simulate(load).expectSuccess()
    for line in [
      "Serving Benchmark Result: layered", "Successful requests:                      40", "Mean TTFT (ms):",
    ] {
      #expect(one.output.contains(line))
    }
    let several = try await simulate(
      load + ["--policy", "layered", "chunked", "--slo-ttft", "5000", "--slo-tbt", "100"]
    ).expectSuccess()
    #expect(several.output.hasPrefix("policy "))
    #expect(several.output.split(separator: "\n").count == 3)
  }

  @Test func onePromptAlone() async throws {
    let found = try await simulate(
      [
        "--prompt-tokens", "8192", "--policy", "chunked", "layered", "adaptive", "--chunk-size", "512", "8192",
        "--json",
      ], model: "qwen3-30b-a3b"
    ).expectSuccess().json([Prompt].self)
    #expect(found.map(\.policy) == ["chunked 512", "chunked 8192", "layered", "adaptive"])
    #expect(found.map(\.iterations) == [16, 1, 16, 1])
    #expect(abs(found[0].expertBytes / 764.1e9 - 1) < 0.03)
    #expect(found[2].expertBytes <= 1.02 * found[1].expertBytes)
  }

  @Test func theTimelineIsWritten() async throws {
    let file = "\(folder.path)/timeline.json"
    try await simulate(load + ["--policy", "layered", "chunked", "--timeline", file]).expectSuccess()
    let value = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
    let events = try #require((value as? [String: Any])?["traceEvents"] as? [[String: Any]])
    #expect(Set(events.compactMap { $0["pid"] as? Int }) == [0, 1])
    #expect(events.count > 500)
  }

  /// The run fails at once, since no request fits into its KV cache: a path that cannot be written is found before that,
  /// and of one that can, nothing is left.
  @Test func aTimelineThatCannotBeWrittenIsFoundBeforeTheRun() async throws {
    let run = load + ["--cache-positions", "16", "--timeline"]
    for (path, problem) in [
      ("\(folder.path)/absent/t.json", "No such file"), (folder.path, "Is a directory"), ("", "the path is empty"),
    ] {
      try await simulate(run + [path]).expectFailure("\(path.isEmpty ? "\"\"" : path): cannot be written", problem)
    }
    let file = "\(folder.path)/t.json"
    try await simulate(run + [file]).expectFailure("do not fit")
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test func residencyAndCoverageCanBeGiven() async throws {
    let coverage = try folder.write(
      "c.json", #"{"prompt": [{"rows": 512, "share": 0.5}], "decode": [{"rows": 32, "share": 0.5}]}"#)
    func bytes(_ options: [String], profile: String = "h100x2") async throws -> Prompt {
      try #require(
        await simulate(["--prompt-tokens", "512", "--json"] + options, profile: profile).expectSuccess()
          .json([Prompt].self).first)
    }
    #expect(abs(try await bytes(["--coverage", coverage]).expertBytes - 0.5 * 768 * 49_766_400) < 1e3)
    _ = try await bytes(["--residency", "host"], profile: "h100")
  }

  @Test(arguments: [
    (["--request-rate", "0"], "request-rate is 0.0, expected a number above 0"),
    (["--num-requests", "0"], "num-requests is 0, expected 1 or more"),
    (["--cache-positions", "15"], "has no room for a KV cache"),
    (["--cache-positions", "0"], "cache-positions is 0, expected 1 or more"),
    (["--cache-positions", "64"], "40 of 40 requests do not fit into the 64 positions of the KV cache"),
    (["--cache-positions", "\(Int.max)"], "expected cache-positions of at most 268435456"),
    (["--num-requests", "\(Int.max)"], "num-requests is \(Int.max), expected at most 1000000"),
    (["--request-rate", "1e-300"], "request-rate is 1e-300: 40 requests would come within"),
    (["--slo-ttft", "inf", "--slo-tbt", "inf", "--json"], "expected a number of milliseconds above 0"),
    (["--max-model-len", "100"], "requests do not fit into the 100 positions of a sequence"),
    (["--max-num-seqs", "0"], "max-num-seqs is 0, expected 1 or more"),
    (["--slo-ttft", "100"], "slo-ttft and slo-tbt go together"),
    (["--policy", "chunked", "--chunk-size", "0"], "chunk-size is 0, expected 1 or more"),
    (["--group-table", "0"], "group-table is 0, expected 1 stage or more"),
    (["--layer-groups", "25"], "layer-groups is 25, expected 1 to 24"),
    (["--crossover", "--slo-tbt", "-5"], "slo-tbt is -5.0, expected a number of milliseconds above 0"),
    (["--prompt-tokens", "0"], "prompt-tokens is 0, expected 1 or more"),
    (["--sequence-overhead", "-1"], "sequence-overhead is -1.0, expected 0 microseconds or more"),
    (["--profile", "h200"], "profile \"h200\" is not known, expected one of h100, h100x2, rtx3060, or a JSON file"),
    (["--model", "/nowhere"], "model \"/nowhere\": no such file, expected a model's folder or its config.json"),
    (["--trace", "/nowhere.csv"], "/nowhere.csv: cannot be read: No such file or directory"),
    (["--coverage", "/nowhere.json"], "/nowhere.json: cannot be read"),
  ])
  func whatCannotBeSimulatedIsRefused(options: [String], problem: String) async throws {
    try await simulate(load + options).expectFailure(problem)
  }

  @Test func aBadTraceLineIsNamed() async throws {
    let file = try folder.write("t.csv", "prompt_tokens,output_tokens\n1,2\nx,2\n")
    try await simulate(["--trace", file, "--request-rate", "1"]).expectFailure("\(file): line 3: found \"x,2\"")
    let empty = try folder.write("e.csv", "")
    try await simulate(["--trace", empty, "--request-rate", "1"]).expectFailure("\(empty): the trace is empty")
  }

  @Test func modesAreNotMixed() async throws {
    try await simulate([]).expectUsageError("--trace")
    try await simulate(["--trace", trace]).expectUsageError("--request-rate")
    try await simulate(["--crossover", "--fit"]).expectUsageError("Only one of")
    try await simulate(load + ["--fit"]).expectUsageError("--slo-ttft")
  }

  @Test func hardwareIsGivenOrMeasured() async throws {
    func usage(_ arguments: String...) async throws -> Outcome {
      try await Strata.run(["simulate", "--model", "\(models)/gpt-oss-20b"] + arguments)
    }
    try await usage("--calibrate", "--profile", "h100").expectUsageError("--calibrate", "--profile")
    try await usage().expectUsageError("--profile", "--calibrate")
    try await usage("--profile", "h100", "--device", "0").expectUsageError("--device", "--calibrate")
    try await usage("--profile", "h100", "--save-profile", "f").expectUsageError("--save-profile", "--calibrate")
    try await usage("--calibrate", "--device", "reference", "--save-profile", "f").expectFailure(
      "device reference is plain Swift and has nothing to measure")
  }

  /// The bundled model's layers on the device at hand: a profile that says of each number where it is from, and is read
  /// again.
  @Test(.needsOpenCL) func theDeviceAtHandIsMeasured() async throws {
    let file = "\(folder.path)/measured.json"
    let device = try #require(Strata.devices.first)
    let bundled = ["simulate", "--model", Fixtures.path("tiny-moe")]
    let outcome = try await Strata.run(bundled + ["--calibrate", "--device", "\(device)", "--save-profile", file])
    #expect(outcome.expectSuccess().output.contains("memory bandwidth"))
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let fields = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let sources = try #require(fields["sources"] as? [String: String])
    #expect(Set(sources.keys) == Set(fields.keys).subtracting(["name", "sources"]))
    let prompt = try await Strata.run(bundled + ["--profile", file, "--prompt-tokens", "512", "--json"]).expectSuccess()
      .json([Prompt].self)
    #expect(prompt.count == 1 && prompt[0].expertBytes > 0)
  }

  @Test(arguments: [
    ["--chunk-size", "512"], ["--layer-groups", "2"], ["--group-table", "4"], ["--tbt-target", "50"],
  ])
  func anOptionOfAnotherPolicyIsRefused(option: [String]) async throws {
    try await simulate(load + ["--policy", "continuous"] + option).expectUsageError(option[0])
  }
}
