import ArgumentParser
import Checkpoints
import Engine
import Foundation
import Scheduling
import Server

/// `strata bench serve --url`: the server is measured, whoever made it.
struct RemoteOptions: ParsableArguments {
  @Option(help: "Measure this server, which speaks OpenAI's /v1/completions, in place of a model on a device.")
  var url: String?

  @Option(help: "The server's API key. With --url.")
  var apiKey: String?

  @Option(help: "What the server calls the model. Default: the first that it names. With --url.")
  var servedModelName: String?

  @Option(parsing: .unconditional, help: "Requests at once, one following the other, in place of a rate.")
  var concurrency: Int?

  @Option(parsing: .unconditional, help: "Prompt tokens of every request, in place of a trace.")
  var promptTokens: Int?

  @Option(parsing: .unconditional, help: "Tokens that every request generates, in place of a trace.")
  var outputTokens: Int?

  @Option(parsing: .unconditional, help: "Prompts are random tokens below this. With --url.")
  var vocabulary = 1000

  @Option(parsing: .unconditional, help: "Requests before the run that are not counted. With --url.")
  var warmUp = 1

  @Option(help: "Also write the report as JSON to this file.")
  var save: String?

  /// Options that say nothing without `url`, as far as they are given.
  var withoutURL: String? {
    if url != nil { return nil }
    return [("api-key", apiKey != nil), ("served-model-name", servedModelName != nil)].first { $0.1 }?.0
  }

  /// All requests alike, if the options say how.
  /// - Throws: `ValidationError` for one half of a pair.
  func synthetic() throws -> Trace? {
    guard promptTokens != nil || outputTokens != nil else { return nil }
    guard let promptTokens, let outputTokens, promptTokens > 0, outputTokens > 0 else {
      throw ValidationError("--prompt-tokens and --output-tokens go together, expected 1 or more of each")
    }
    return Trace(entries: [.init(promptTokens: promptTokens, outputTokens: outputTokens)])
  }
}

extension BenchServe {
  func runRemote(_ url: String) async throws {
    if let save = remote.save { try OutputFile.check(save) }
    guard remote.vocabulary > 0 else { throw EngineError("vocabulary is \(remote.vocabulary), expected 1 or more") }
    var benchmark = RemoteBenchmark(url: url)
    benchmark.apiKey = remote.apiKey
    benchmark.model = remote.servedModelName
    let loads = try self.loads()
    if let load = loads.first, remote.warmUp > 0 {
      Terminal.error("warming up with \(remote.warmUp) requests")
      let few = Workload(
        arrivals: load.workload.arrivals.prefix(remote.warmUp).map { .init(time: 0, lengths: $0.lengths) })
      _ = try await benchmark.run(run(few, seed: ~serving.seed))
    }
    benchmark.concurrency = remote.concurrency
    var entries: [ServingBenchmark.Entry] = []
    for (rate, workload) in loads {
      let progress = ProgressLine("serving")
      let total = workload.arrivals.count
      let outcome = try await benchmark.run(run(workload, seed: serving.seed)) { progress.update($0, total) }
      progress.finish()
      if let failure = outcome.failure {
        guard !outcome.isFailure else {
          throw EngineError("all \(total) requests failed, the first one so: \(failure)")
        }
        Terminal.error("requests failed, the first one so: \(failure)")
      }
      let report = ServingReport(
        policy: url, requestRate: rate, requests: outcome.requests, totals: IterationTotals(),
        serviceLevel: try serving.serviceLevel())
      entries.append(ServingBenchmark.Entry(report: report, requests: detailed ? outcome.requests : nil))
      if !serving.json { try Terminal.output(report.lines.joined(separator: "\n") + "\n\n") }
    }
    if serving.json { try printJSON(entries) }
    if let save = remote.save { try OutputFile.write(encodeJSON(entries), to: save) }
  }

  private func run(_ workload: Workload, seed: UInt64) -> ServingRun {
    ServingRun(workload, vocabulary: remote.vocabulary, seed: seed, sharedTokens: sharedTokens)
  }

  /// What is served: at rates, or by clients that follow each other.
  func loads() throws -> [(rate: Double?, workload: Workload)] {
    let synthetic = try remote.synthetic()
    guard let concurrency = remote.concurrency else {
      return try serving.workloads(synthetic).map { ($0.rate, $0.workload) }
    }
    guard concurrency > 0 else { throw EngineError("concurrency is \(concurrency), expected 1 or more") }
    guard serving.requestRate.isEmpty else {
      throw ValidationError("--concurrency and --request-rate exclude each other")
    }
    guard let count = serving.numRequests else { throw ValidationError("--concurrency needs --num-requests") }
    let trace = try synthetic ?? serving.readTrace()
    return [(nil, try Workload(trace, rate: 1, size: .requests(count), seed: serving.seed))]
  }
}
