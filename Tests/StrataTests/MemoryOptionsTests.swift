import Foundation
import TestSupport
import Testing

/// Models that are larger than the memory they may use, on the command line.
struct MemoryOptionsTests {
  private let model = Fixtures.path("tiny-moe")
  private let prompt = ["--prompt", "And it came to pass in those days, that", "--seed", "2", "--max-tokens", "20"]

  private func run(_ arguments: [String]) async throws -> Outcome {
    try await Strata.run(["run", "--model", model] + prompt + arguments)
  }

  @Test(arguments: [
    (["--device-memory", "0"], "device-memory is 0, expected a size above 0"),
    (["--device-memory", "-1GiB"], "device-memory is -1GiB, expected a size above 0"),
    (["--device-memory", "6GiBs"], "device-memory is 6GiBs, expected a size above 0"),
    (["--device-memory", "nan"], "device-memory is nan, expected a size above 0"),
    (["--device-memory", "0%"], "device-memory is 0%, expected more than 0% and at most 100%"),
    (["--device-memory", "101%"], "device-memory is 101%, expected more than 0% and at most 100%"),
    (["--device-memory", "1MiB"], "are needed at least"),
    (["--device-memory", "4000TiB"], "device-memory is 4000.0 TiB, but device"),
    (["--host-memory", "none"], "host-memory is none, expected a size above 0"),
    (["--link-bandwidth", "0"], "link-bandwidth is 0, expected bytes a second above 0"),
    (["--link-bandwidth", "fast"], "link-bandwidth is fast, expected bytes a second above 0"),
    (["--n-cpu-moe", "9"], "n-cpu-moe is 9, expected 0 to 8"),
    (["--n-cpu-moe", "-1"], "n-cpu-moe is -1, expected 0 to 8"),
    (["--n-cpu-moe", "2", "--cpu-moe"], "n-cpu-moe and cpu-moe are both given"),
    (["--popularity", "/absent.json"], "/absent.json: cannot be read"),
  ])
  func valuesThatCannotBeAreRefused(options: [String], problem: String) async throws {
    try await run(options).expectFailure(problem)
  }

  @Test(arguments: [
    ["--device-memory", "6GiB"], ["--cpu-moe"], ["--no-prefetch"], ["--expert-cache", "lru"],
    ["--link-bandwidth", "1GB/s"],
  ])
  func theReferenceHasNoDeviceMemory(options: [String]) async throws {
    try await run(["--device", "reference"] + options).expectFailure(
      "\(options[0].dropFirst(2)) has no meaning on the reference")
  }

  @Test func aPopularityOfAnotherModelIsRefused() async throws {
    let folder = try TemporaryFolder()
    let short = try folder.write("short.json", #"{"layers": [[1, 2]]}"#)
    try await run(["--popularity", short]).expectFailure("\(short): field layers: found 1 layers, expected 8")
    let row = "[" + Array(repeating: "1", count: 31).joined(separator: ",") + "]"
    let narrow = try folder.write(
      "narrow.json", #"{"layers": [\#(Array(repeating: row, count: 8).joined(separator: ","))]}"#)
    try await run(["--popularity", narrow]).expectFailure("\(narrow): field layers: layer 0 has 31 counts, expected 32")
    let text = try folder.write("text.json", "{}")
    try await run(["--popularity", text]).expectFailure("\(text): field layers: expected a list")
  }

  /// Of 18 MiB of experts some fit: the same text, and the summary says what was moved.
  @Test func aSmallBudgetGivesTheSameText() async throws {
    let whole = try await run([])
    #expect(whole.status == 0 && !whole.errors.contains("experts fit on the device"))
    for options in [["--device-memory", "8MiB"], ["--cpu-moe"], ["--n-cpu-moe", "3", "--no-prefetch"]] {
      let part = try await run(options)
      #expect(part.status == 0, "\(options): \(part.errors)")
      #expect(part.output == whole.output, "\(options)")
      #expect(part.errors.contains("of 256 experts fit on the device; copied to it: "), "\(options): \(part.errors)")
      #expect(part.errors.contains("reload factor"), "\(options)")
    }
  }

  /// The parts of the plan, printed before anything is loaded, add up to the budget.
  @Test func thePlanDividesTheBudget() async throws {
    struct Plan: Decodable {
      var budget: Int
      var dense: Int
      var cache: Int
      var activations: Int
      var experts: Int
    }
    let outcome = try await run(["--device-memory", "8MiB", "--plan", "--json"])
    let plan = try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8))
    #expect(plan.budget == 8 << 20)
    // 8 layers of 32 experts, each of three matrices of 192 × 64 in bf16.
    #expect(plan.experts == 8 * 32 * 3 * 192 * 64 * 2)
    #expect(plan.dense + plan.cache + plan.activations < plan.budget)
    let text = try await run(["--device-memory", "8MiB", "--plan"])
    #expect(text.status == 0 && text.output.contains("of 256, 18.0 MiB in all"))
    #expect(!text.errors.contains("tokens"))
    let small = try await run(["--device-memory", "3MiB", "--plan"])
    #expect(
      small.status == 1 && small.output.contains("experts on the device")
        && small.errors.contains("are needed at least"))
  }
}
