import ArgumentParser
import Engine
import Foundation
import Profiling
import Scheduling

struct BenchTokens: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens",
    abstract: "Measures how many tokens a second a model makes, with the options and the table of llama-bench.",
    discussion: """
      Prompts and decoded tokens are random, and nothing is sampled. Options with several values take them between commas, \
      or a range: 128,512 or 1-8*2. Before each repetition the device's ceilings are measured anew: what its memory gives, \
      and f32 multiply-adds; the columns in percent are shares of these.
      """)

  @Option(name: .shortAndLong, help: "Folder of the model, or a GGUF file; several between commas.")
  var model: String

  @Option(name: [.customShort("p"), .long], parsing: .unconditional, help: "Prompt tokens of a test; 0 for none.")
  var nPrompt = CommaList(512)

  @Option(name: [.customShort("n"), .long], parsing: .unconditional, help: "Decoded tokens of a test; 0 for none.")
  var nGen = CommaList(128)

  @Option(
    name: [.customLong("pg", withSingleDash: true)], parsing: .unconditionalSingleValue,
    help: "A test of a prompt and decoded tokens behind it: 512,128; may be given several times.")
  var promptAndGen: [CommaList] = []

  @Option(
    name: [.customShort("d"), .long], parsing: .unconditional,
    help: "Tokens that are in the cache before a test begins; 0 for none.")
  var nDepth = CommaList(0)

  @Option(name: [.customShort("b"), .long], parsing: .unconditional, help: "Requests at once.")
  var batch = CommaList(1)

  @Option(name: .shortAndLong, parsing: .unconditional, help: "Runs of each test that count.")
  var repetitions = 5

  @Option(
    parsing: .unconditional,
    help: "reference, an index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(help: "How prompts pass through the model: \(PolicyName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var policy: PolicyName = .layered

  @OptionGroup var memory: MemoryOptions

  @OptionGroup var precision: PrecisionOptions

  @Option(name: .shortAndLong, help: "Output: \(Form.allCases.map(\.rawValue).joined(separator: ", ")).")
  var output: Form = .md

  @Flag(help: "Run each test once more with every kernel timed, and show where the time goes.")
  var ops = false

  @Flag(help: "Do not run each test before it counts.")
  var noWarmup = false

  enum Form: String, ExpressibleByArgument, CaseIterable { case md, csv, json }

  func validate() throws {
    if repetitions < 1 { throw ValidationError("--repetitions is \(repetitions), expected 1 or more") }
    if batch.values.contains(0) { throw ValidationError("--batch is 0, expected 1 or more requests") }
    for pair in promptAndGen where pair.values.count != 2 || pair.values.contains(0) {
      throw ValidationError("-pg is not two numbers above 0, expected such as 512,128")
    }
    if tests.isEmpty { throw ValidationError("there is no test: --n-prompt and --n-gen are 0, and -pg is not given") }
  }

  private var tests: [TokenTest] {
    let pairs =
      nPrompt.values.filter { $0 > 0 }.map { ($0, 0) } + nGen.values.filter { $0 > 0 }.map { (0, $0) }
      + promptAndGen.map { ($0.values[0], $0.values[1]) }
    return batch.values.flatMap { requests in
      nDepth.values.flatMap { depth in
        pairs.map { TokenTest(promptTokens: $0.0, generatedTokens: $0.1, requests: requests, depth: depth) }
      }
    }
  }

  func run() async throws {
    var benchmark = TokenBenchmark(device: try DeviceSelection.find(device), tests: tests)
    benchmark.policy = PolicyOptions(policy)
    benchmark.repetitions = repetitions
    benchmark.warmsUp = !noWarmup
    benchmark.activations = precision.activations
    benchmark.profilesOps = ops
    var results: [TokenResult] = []
    for path in model.split(separator: ",").map(String.init) {
      let files = try ModelFiles(path: path)
      (benchmark.deviceMemory, benchmark.experts) = try memory.settings(benchmark.device, files.description)
      let progress = TokenProgress(path, repetitions: repetitions)
      results += try await benchmark.run(files) { progress.show($0) }
      progress.finish()
    }
    try print(results)
  }

  private func print(_ results: [TokenResult]) throws {
    switch output {
    case .json: try Terminal.output(String(decoding: TokenResult.json(results), as: UTF8.self) + "\n")
    case .csv: try Terminal.output(([TokenResult.csvHeading] + results.map(\.csv)).joined(separator: "\n") + "\n")
    case .md:
      try Terminal.output(([TokenResult.markdownHeading] + results.map(\.markdown)).joined(separator: "\n") + "\n")
      try printNotes(results)
      for result in results {
        guard let ops = result.ops else { continue }
        try Terminal.output("\n\(result.modelType), \(result.test.name):\n" + ops.lines.joined(separator: "\n") + "\n")
      }
    }
  }

  private func printNotes(_ results: [TokenResult]) throws {
    guard let first = results.first else { return }
    var note = "\n\(first.devices), policy \(first.policy)"
    if let read = first.bandwidthCeiling, let multiply = first.computeCeiling {
      note += "; ceilings \(fixed(read / 1e9, 1)) GB/s, \(fixed(multiply / 1e9, 1)) GFLOP/s (f32)"
    }
    try Terminal.output(note + "\n")
  }
}

/// Says on stderr what is measured.
private final class TokenProgress: Sendable {
  private let loading: ProgressLine
  private let testing: ProgressLine
  private let repetitions: Int

  init(_ model: String, repetitions: Int) {
    loading = ProgressLine("loading \(model)")
    testing = ProgressLine("measuring \(model)")
    self.repetitions = repetitions
  }

  func show(_ step: TokenBenchmark.Step) {
    switch step {
    case .loading(let done, let total): loading.update(done, total)
    case .loaded: loading.finish()
    case .ceilings: testing.step("measuring the device's ceilings")
    case .running(let test, 0): say("\(test.name): warming up")
    case .running(let test, let repetition): say("\(test.name): run \(repetition) of \(repetitions)")
    case .profiling(let test): say("\(test.name): timing each kernel")
    }
  }

  /// A line for each step where there is no terminal, for tests may take minutes.
  private func say(_ text: String) {
    if Terminal.isInteractive { testing.step(text) } else { Terminal.error(text) }
  }

  func finish() { testing.finish() }
}
