import ArgumentParser
import Engine
import Foundation
import Scheduling
import Synchronization

struct BenchServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serves a trace with open-loop arrivals on a device, with each policy in turn.",
    discussion: """
      Prompts are random tokens of the trace's lengths, and each request generates as many tokens as the trace says. \
      Policies take turns in every round; with several rounds the medians come last.
      """)

  @Option(help: "Folder of the model: config.json, *.safetensors. Needed without --url.")
  var model: String?

  @OptionGroup var remote: RemoteOptions

  @Option(
    parsing: .unconditional,
    help: "reference, an index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @OptionGroup var memory: MemoryOptions

  @OptionGroup var precision: PrecisionOptions

  @OptionGroup var serving: ServingOptions

  @Option(parsing: .unconditional, help: "Runs of each policy.")
  var rounds = 1

  @Option(
    parsing: .unconditional,
    help: """
      Positions that the KV cache holds. Default: as many as the requests can use, at most \
      \(Int(Engine.cacheShare * 100)) % of the memory that weights and activations leave.
      """)
  var cachePositions: Int?

  @Option(parsing: .unconditional, help: "Tokens that all prompts begin with, and whose KV blocks they share.")
  var sharedTokens = 0

  @Flag(help: "With --json, print each request's times and each iteration's account of bytes.")
  var detailed = false

  func validate() throws {
    if (model == nil) == (remote.url == nil) { throw ValidationError("one of --model and --url is needed") }
    if let option = remote.withoutURL { throw ValidationError("--\(option) goes with --url") }
  }

  func run() async throws {
    if let url = remote.url { return try await runRemote(url) }
    guard let model else { return }
    if let save = remote.save { try OutputFile.check(save) }
    let loads = try self.loads().map { ServingBenchmark.Load(rate: $0.rate, workload: $0.workload) }
    var benchmark = ServingBenchmark(
      device: try DeviceSelection.find(device), policies: serving.policies(), loads: loads)
    benchmark.concurrency = remote.concurrency
    benchmark.rounds = rounds
    benchmark.seed = serving.seed
    benchmark.keepsDetails = detailed
    benchmark.sharedTokens = sharedTokens
    benchmark.cachePositions = cachePositions
    benchmark.maxRequests = serving.maxNumSeqs
    benchmark.activations = precision.activations
    benchmark.maxBatchedTokens = serving.maxNumBatchedTokens
    benchmark.serviceLevel = try serving.serviceLevel()
    let progress = BenchProgress(model: model, device: benchmark.device.name, rounds: rounds)
    let files = try ModelFiles(path: model)
    (benchmark.deviceMemory, benchmark.experts) = try memory.settings(benchmark.device, files.description)
    let entries = try await benchmark.run(files) { progress.show($0) }
    if let save = remote.save { try OutputFile.write(encodeJSON(entries), to: save) }
    if serving.json {
      try printJSON(entries)
    } else {
      for entry in entries where entry.round == nil || rounds == 1 { try print(entry) }
    }
  }

  private func print(_ entry: ServingBenchmark.Entry) throws {
    if entry.round == nil { try Terminal.output("Medians of \(rounds) rounds:\n") }
    try Terminal.output(entry.report.lines.joined(separator: "\n") + "\n\n")
  }
}

/// Says on stderr how far the benchmark is, with the time since it began.
private final class BenchProgress: Sendable {
  private let start = ContinuousClock.now
  private let loading: ProgressLine
  private let device: String
  private let rounds: Int
  /// Tenths of the requests of this run that were told.
  private let told = Mutex(0)

  init(model: String, device: String, rounds: Int) {
    loading = ProgressLine("loading \(model)")
    self.device = device
    self.rounds = rounds
  }

  func show(_ step: ServingBenchmark.Step) {
    switch step {
    case .loading(let done, let total): loading.update(done, total)
    case .loaded(let cachePositions):
      loading.finish()
      say("\(device), KV cache of \(cachePositions) positions")
    case .warmingUp: say("warming up")
    case .running(let policy, let rate, let round, let done, let total):
      let tenths = done * 10 / max(total, 1)
      guard
        told.withLock({ last in
          defer { last = tenths }
          return done == 0 || tenths > last
        })
      else { return }
      say("round \(round) of \(rounds)\(rate.map { ", \($0) requests/s" } ?? ""), \(policy): \(done) of \(total) done")
    case .finished(let entry):
      let report = entry.report
      say(
        String(
          format: "%@: mean TTFT %.1f ms, P99 TBT %.1f ms, mean E2E %.1f ms, experts' weights read %.3f GB",
          report.policy, report.ttft.mean * 1e3, report.itl.p99 * 1e3, report.e2el.mean * 1e3,
          (report.expertBytesPrefill + report.expertBytesDecode) / 1e9))
    }
  }

  private func say(_ text: String) {
    let seconds = String(format: "%7.1f s", (ContinuousClock.now - start).seconds)
    Terminal.error("\(seconds)  \(text)")
  }
}
