import TestSupport
import Testing

/// What the command line itself is: help, and wrong usage with status 64.
struct UsageTests {
  private let model = ["--model", Fixtures.path("tiny-moe")]
  private let prompt = ["--prompt", "a"]

  @Test(arguments: [[], ["run"], ["devices"], ["inspect"], ["logits"], ["validate"]])
  func helpIsOnStdout(command: [String]) async throws {
    let outcome = try await Strata.run(command + ["--help"]).expectSuccess()
    #expect(outcome.output.contains("USAGE: strata \(command.joined(separator: ""))"))
    #expect(outcome.errors.isEmpty)
  }

  @Test func theVersionIsOnStdout() async throws {
    let outcome = try await Strata.run("--version").expectSuccess()
    #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
  }

  @Test func helpListsEveryCommand() async throws {
    let help = try await Strata.run("--help").expectSuccess().output
    for command in ["run", "devices", "inspect", "logits", "validate"] { #expect(help.contains("\n  \(command) ")) }
  }

  @Test(arguments: [
    (["walk"], "walk"), (["--no-such-option"], "--no-such-option"),
    (["devices", "--no-such-option"], "no-such-option"),
    (["devices", "extra"], "extra"), (["inspect"], "<path>"), (["validate", "--variant", "tpu"], "tpu"),
    (["validate", "--device"], "--device"), (["run", "--prompt", "a"], "--model"),
    (["logits", "--tokens", "1", "--output", "x"], "--model"),
  ])
  func wrongUsageIsTold(arguments: [String], part: String) async throws {
    try await Strata.run(arguments).expectUsageError(part)
  }

  @Test(arguments: [
    (["--policy", "nonsense"], "nonsense"), (["--max-tokens", "many"], "many"), (["--max-tokens", "1.5"], "1.5"),
    (["--max-tokens", "99999999999999999999"], "99999999999999999999"), (["--temperature", "warm"], "warm"),
    (["--temperature", "--json"], "--json"), (["--top-k", "0.5"], "0.5"), (["--top-p", "half"], "half"),
    (["--seed", "-1"], "-1"), (["--seed"], "--seed"), (["--layer-groups", "two"], "two"), (["--device"], "--device"),
    (["--no-such-option"], "--no-such-option"), (["extra"], "extra"), (["--tokens", "1"], "--tokens"),
  ])
  func wrongOptionsOfRunAreTold(options: [String], part: String) async throws {
    try await Strata.run(["run"] + model + prompt + options).expectUsageError(part)
  }

  @Test func aRunNeedsAPrompt() async throws {
    try await Strata.run(["run"] + model).expectUsageError("--prompt")
  }

  /// Exactly one source of tokens, and a file to write.
  @Test(arguments: [
    [], ["--tokens", "1", "--text", "a"], ["--tokens", "1", "--tokens-file", "f"],
    ["--text", "a", "--tokens-file", "f"],
    ["--tokens", "1", "--tokens-file", "f", "--text", "a"],
  ])
  func logitsNeedOneSource(source: [String]) async throws {
    try await Strata.run(["logits", "--output", "/absent/x"] + model + source).expectUsageError(
      "exactly one of --tokens, --tokens-file and --text")
  }

  @Test func logitsNeedAnOutput() async throws {
    try await Strata.run(["logits", "--tokens", "1"] + model).expectUsageError("--output")
  }
}
