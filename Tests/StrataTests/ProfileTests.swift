import Foundation
import OpenCL
import TestSupport
import Testing

/// `strata profile`: the built executable in a process of its own.
struct ProfileTests {
  private struct Ceilings: Decodable {
    struct Entry: Decodable {
      var name: String
      var unit: String
      var median: Double
      var best: Double
      var method: String
    }
    var device: String
    var ceilings: [Entry]
  }

  @Test(.needsOpenCL) func theCeilingsAreMeasured() async throws {
    let device = try #require(Strata.devices.first)
    let found = try await Strata.run("profile", "--ceilings", "--device", "\(device)", "--json").expectSuccess().json(
      Ceilings.self)
    #expect(try found.device == Device.all()[device].name)
    let names = found.ceilings.map(\.name)
    for name in [
      "memoryRead", "memoryWrite", "memoryCopy", "bufferCopy", "writePageable", "readPageable", "writePinned",
      "readPinned", "writeMapped", "readMapped", "launchQueued", "launchBackToBack", "launchAndFinish", "multiplyF32",
      "multiplyBF16", "multiplyInt8",
    ] {
      #expect(names.contains(name), "\(name)")
    }
    for entry in found.ceilings {
      #expect(entry.median > 0 && entry.median.isFinite && !entry.method.isEmpty, "\(entry)")
      #expect(entry.unit == "seconds" ? entry.best <= entry.median : entry.best >= entry.median, "\(entry)")
    }
  }

  @Test func onlyDevicesHaveCeilings() async throws {
    try await Strata.run("profile", "--ceilings", "--device", "reference").expectFailure(
      "device reference is plain Swift and has nothing to measure; expected an OpenCL device")
    try await Strata.run("profile", "--ceilings", "--device", "4711").expectFailure("\"4711\" is none of the devices")
    try await Strata.run("profile").expectUsageError("--ceilings")
  }

  private struct Report: Decodable {
    struct Loads: Decodable {
      struct Load: Decodable {
        var batch: Int
        var expertsTouched: Double
        var bound: String
      }
      var experts: Int
      var loads: [Load]
    }
    struct Popularity: Decodable {
      var tokens: Int
      var layers: [[Int]]
    }
    struct Policy: Decodable {
      var policy: String
      var iterations: Int
      var expertBytes: Double
      var kernelSeconds: Double
    }
    var expertLoads: Loads
    var popularity: Popularity?
    var policies: [Policy]?
  }

  private let model = Fixtures.path("tiny-moe")

  /// The bundled model: loads, popularity and policies, and the three files.
  @Test(.needsOpenCL) func aModelIsProfiled() async throws {
    let folder = try TemporaryFolder()
    let device = try #require(Strata.devices.first)
    let text = try folder.write("text.txt", String(repeating: "And it came to pass in those days. ", count: 30))
    func file(_ name: String) -> String { "\(folder.path)/\(name)" }
    let report = try await Strata.run(
      "profile", "--model", model, "--device", "\(device)", "--popularity", text, "--batch-sizes", "1", "64",
      "--policy", "layered", "chunked", "--layer-groups", "4", "--chunk-size", "64", "--prompt-tokens", "128",
      "--trace", file("t.json"), "--html", file("p.html"), "--save-popularity", file("popularity.json"), "--json"
    ).expectSuccess().json(Report.self)
    #expect(report.expertLoads.experts == 32)
    #expect(report.expertLoads.loads.map(\.batch) == [1, 64])
    #expect(report.expertLoads.loads[0].expertsTouched == 4, "a row meets four experts")
    let popularity = try #require(report.popularity)
    #expect(popularity.layers.count == 8)
    #expect(popularity.layers.allSatisfy { $0.count == 32 && $0.reduce(0, +) == 4 * popularity.tokens })
    let policies = try #require(report.policies)
    #expect(policies.map(\.policy) == ["layered 4 groups", "chunked 64"])
    #expect(policies.map(\.iterations) == [4, 2])
    #expect(policies[0].expertBytes < policies[1].expertBytes && policies.allSatisfy { $0.kernelSeconds > 0 })
    let trace = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file("t.json"))))
    let events = try #require((trace as? [String: Any])?["traceEvents"] as? [[String: Any]])
    let kernels = Set(events.filter { $0["cat"] as? String == "kernel" }.compactMap { $0["name"] as? String })
    #expect(kernels.isSuperset(of: ["gate_up", "down", "attention", "linear", "router"]))
    #expect(try String(contentsOfFile: file("p.html"), encoding: .utf8).contains("</html>"))
    // Both readers of the popularity take it.
    try await Strata.run(
      "simulate", "--model", model, "--profile", "h100", "--coverage", file("popularity.json"), "--prompt-tokens", "64"
    ).expectSuccess()
    try await Strata.run(
      "run", "--model", model, "--prompt", "a", "--max-tokens", "1", "--device", "\(device)", "--popularity",
      file("popularity.json")
    ).expectSuccess()
  }

  @Test(.needsOpenCL) func aConfigurationIsEnoughWithRandomWeights() async throws {
    let device = try #require(Strata.devices.first)
    let folder = try TemporaryFolder()
    try folder.write(
      "config.json",
      #"{"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_local_experts": 8, "#
        + #""num_experts_per_tok": 2, "intermediate_size": 32, "vocab_size": 100, "max_position_embeddings": 512}"#)
    let outcome = try await Strata.run(
      "profile", "--model", folder.path, "--random-weights", "--device", "\(device)", "--batch-sizes", "1", "16")
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("choices: log-normal popularity") })
    #expect(lines.contains { $0.wholeMatch(of: #/    1 +2\.0 .+ memory/#) != nil }, "\(outcome.output)")
  }

  @Test(arguments: [
    (["--batch-sizes", "0"], "batch-sizes has 0, expected numbers of 1 or more"),
    (["--batch-sizes", "9000"], "batch-sizes has 9000, but the text has 8192 tokens, expected at most as many"),
    (["--popularity", "/nowhere.txt"], "/nowhere.txt: cannot be read: No such file or directory"),
    (["--policy", "chunked", "--chunk-size", "0"], "chunk-size is 0, expected 1 or more"),
    (["--policy", "layered", "--prompt-tokens", "0"], "prompt-tokens is 0, expected 1 to 2048"),
    (["--policy", "layered", "--prompt-tokens", "4000"], "prompt-tokens is 4000, expected 1 to 2048"),
    (["--html", "/nowhere/p.html"], "/nowhere/p.html: cannot be written"),
    (["--save-popularity", "/nowhere/p.json"], "/nowhere/p.json: cannot be written"),
    (["--policy", "layered", "--trace", "/nowhere/t.json"], "/nowhere/t.json: cannot be written"),
  ])
  func whatCannotBeProfiledIsRefused(options: [String], problem: String) async throws {
    guard let device = Strata.devices.first else { return }
    try await Strata.run(["profile", "--model", model, "--device", "\(device)"] + options).expectFailure(problem)
  }

  @Test func anEmptyTextAndAnAbsentModelAreNamed() async throws {
    guard let device = Strata.devices.first else { return }
    let folder = try TemporaryFolder()
    let empty = try folder.write("empty.txt", "")
    try await Strata.run("profile", "--model", model, "--device", "\(device)", "--popularity", empty).expectFailure(
      "\(empty): the text is empty")
    try await Strata.run("profile", "--model", "/nowhere", "--device", "\(device)").expectFailure("/nowhere")
    try await Strata.run("profile", "--model", "/nowhere", "--random-weights", "--device", "\(device)").expectFailure(
      "/nowhere")
  }

  @Test(arguments: [
    (["--ceilings", "--model", "m"], "--ceilings"), (["--only", "memory", "--model", "m"], "--only"),
    (["--ceilings", "--only", "everything"], "everything"), (["--ceilings", "--random-weights"], "--random-weights"),
    (["--ceilings", "--batch-sizes", "1"], "--batch-sizes"), (["--model", "m", "--trace", "t"], "--policy"),
    (["--model", "m", "--random-weights", "--policy", "layered"], "--random-weights"),
    (["--model", "m", "--random-weights", "--save-popularity", "f"], "--save-popularity"),
    (["--model", "m", "--chunk-size", "8"], "--policy"),
    (["--model", "m", "--policy", "layered", "--chunk-size", "8"], "'--chunk-size' is of policy chunked"),
    (["--model", "m", "--policy", "chunked", "--layer-groups", "2"], "'--layer-groups' is of policy layered"),
    (["--model", "m", "--batch-sizes", "many"], "many"),
  ])
  func wrongUsageIsTold(arguments: [String], part: String) async throws {
    try await Strata.run(["profile"] + arguments).expectUsageError(part)
  }

  /// `run --trace`: prompts and decoding, by layer.
  @Test(.needsOpenCL) func aRunIsTraced() async throws {
    let folder = try TemporaryFolder()
    let device = try #require(Strata.devices.first)
    let file = "\(folder.path)/t.json"
    func run(_ arguments: String...) async throws -> Outcome {
      try await Strata.run(["run", "--model", model, "--prompt", "And the king", "--max-tokens", "4"] + arguments)
    }
    try await run("--device", "\(device)", "--trace", file).expectSuccess()
    let trace = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
    let events = try #require((trace as? [String: Any])?["traceEvents"] as? [[String: Any]])
    // Decoding rows may have it together with their heads.
    let attention = events.filter { ($0["name"] as? String)?.hasSuffix("attention") ?? false }.compactMap {
      $0["args"] as? [String: Any]
    }
    // The prompt and three more tokens pass eight layers each.
    #expect(attention.compactMap { $0["layer"] as? Int }.sorted() == (0..<8).flatMap { Array(repeating: $0, count: 4) })
    #expect(attention.count { $0["layers"] as? String == "layers 0 to 7" } == 8, "of the prompt alone")
    try await run("--device", "\(device)", "--trace", "/nowhere/t.json").expectFailure(
      "/nowhere/t.json: cannot be written")
    try await run("--plan", "--trace", file).expectUsageError("'--plan' runs nothing")
    try await run("--device", "reference", "--trace", file).expectFailure("trace has no meaning on the reference")
  }
}
