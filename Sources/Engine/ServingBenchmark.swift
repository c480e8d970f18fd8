package import Backend
import Models
package import Scheduling

/// Measures policies on a real device: each workload with each policy, in rounds, on one loaded engine.
package struct ServingBenchmark: Sendable {
  /// A workload, at a rate in requests a second unless clients follow each other.
  package struct Load: Sendable {
    package var rate: Double?
    package var workload: Workload

    package init(rate: Double?, workload: Workload) {
      self.rate = rate
      self.workload = workload
    }
  }

  package var device: DeviceSelection
  package var policies: [PolicyOptions]
  package var loads: [Load]
  /// Every policy runs once a round, in turn, so that what changes on the machine meets all of them.
  package var rounds = 1
  package var seed: UInt64 = 0
  /// Tokens that all prompts begin with.
  package var sharedTokens = 0
  /// Requests that are under way at once, one following the other; nil submits each when its time has come.
  package var concurrency: Int?
  package var maxRequests = 256
  package var maxBatchedTokens = 8192
  /// Positions that the KV cache holds; what the workloads can use, or fits, unless given.
  package var cachePositions: Int?
  package var serviceLevel: ServiceLevel?
  package var deviceMemory: DeviceMemory = .share(0.9)
  /// What products of weights in blocks take; what suits the device unless given.
  package var activations: ActivationPrecision?
  package var experts = ExpertMemory()
  /// Whether each request's times and each iteration's account are kept.
  package var keepsDetails = false

  package init(device: DeviceSelection, policies: [PolicyOptions], loads: [Load]) {
    self.device = device
    self.policies = policies
    self.loads = loads
  }

  /// One run, or the medians of all rounds of the same load and policy.
  package struct Entry: Sendable, Encodable {
    /// From 1; nil for medians.
    package var round: Int?
    package var report: ServingReport
    /// Each request's times, if they were asked for.
    package var requests: [RequestTimes]?
    /// Each iteration's account, if they were asked for.
    package var iterations: [IterationRecord]?

    package init(
      round: Int? = nil, report: ServingReport, requests: [RequestTimes]? = nil, iterations: [IterationRecord]? = nil
    ) {
      self.round = round
      self.report = report
      self.requests = requests
      self.iterations = iterations
    }

    private enum Key: CodingKey { case round, requests, iterations }

    /// The report's members, and `round`: a number, or null.
    package func encode(to encoder: any Encoder) throws {
      try report.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(round, forKey: .round)
      try container.encodeIfPresent(requests, forKey: .requests)
      try container.encodeIfPresent(iterations, forKey: .iterations)
    }
  }

  /// What the caller is told on the way.
  package enum Step: Sendable {
    case loading(done: Int, total: Int)
    case loaded(cachePositions: Int)
    case warmingUp
    case running(policy: String, rate: Double?, round: Int, done: Int, total: Int)
    case finished(Entry)
  }

  /// Runs everything.
  /// - Returns: each run in the order of running; behind them, with several rounds, the medians of each load and policy.
  /// - Throws: `EngineError` or `SchedulingError` for a workload that this model, device or KV cache cannot serve.
  package func run(_ files: ModelFiles, progress: @escaping @Sendable (Step) -> Void) async throws -> [Entry] {
    guard rounds > 0 else { throw EngineError("rounds is \(rounds), expected 1 or more") }
    guard sharedTokens >= 0 else { throw EngineError("shared-tokens is \(sharedTokens), expected 0 or more") }
    try Scheduler.Limits.check(maxRequests: maxRequests, maxBatchedTokens: maxBatchedTokens)
    let layers = files.description.layerCount
    for options in policies { _ = try options.policy(layerCount: layers) }
    let options = try engineOptions(files)
    let engine = try Engine(files, tokenizer: nil, options: options) { progress(.loading(done: $0, total: $1)) }
    progress(.loaded(cachePositions: options.cachePositions))
    progress(.warmingUp)
    try await engine.finishLoading()
    let time = try await warmUp(engine, positions: options.cachePositions)

    var entries: [Entry] = []
    for round in 1...rounds {
      for load in loads {
        let run = ServingRun(
          load.workload, vocabulary: files.description.vocabularySize, seed: seed, sharedTokens: sharedTokens)
        for options in policies {
          try await engine.restart(options.policy(layerCount: layers, time: time))
          let total = load.workload.arrivals.count
          progress(.running(policy: options.label, rate: load.rate, round: round, done: 0, total: total))
          let outcome = try await run.run(on: engine, concurrency: concurrency) {
            progress(.running(policy: options.label, rate: load.rate, round: round, done: $0, total: total))
          }
          let report = ServingReport(
            policy: options.label, requestRate: load.rate, requests: outcome.requests, totals: outcome.totals,
            serviceLevel: serviceLevel)
          let entry = Entry(
            round: round, report: report, requests: keepsDetails ? outcome.requests : nil,
            iterations: keepsDetails ? outcome.totals.records : nil)
          entries.append(entry)
          progress(.finished(entry))
        }
      }
    }
    return entries + medians(entries)
  }

  private func medians(_ entries: [Entry]) -> [Entry] {
    guard rounds > 1 else { return [] }
    // Every round has the same runs in the same order.
    let count = entries.count / rounds
    return (0..<count).compactMap { index in
      let same = stride(from: index, to: entries.count, by: count).map { entries[$0].report }
      return ServingReport(mediansOf: same).map { Entry(round: nil, report: $0) }
    }
  }

  /// Runs the longest prompt, and then prompts in pieces of many shapes while others decode: buffers grow, kernels and
  /// caches are warm, and `adaptive` knows the device.
  private func warmUp(_ engine: Engine, positions: Int) async throws -> IterationTime {
    let lengths = loads.flatMap(\.workload.arrivals).map(\.lengths)
    let longest = lengths.map(\.promptTokens).max() ?? 1
    func arrivals(_ prompts: [Int], _ outputs: Int) -> Workload {
      Workload(arrivals: prompts.map { .init(time: 0, lengths: .init(promptTokens: $0, outputTokens: outputs)) })
    }
    func serve(_ workload: Workload, _ policy: any Policy) async throws {
      try await engine.restart(policy)
      _ = try await ServingRun(workload, vocabulary: engine.files.description.vocabularySize, seed: ~seed).run(
        on: engine)
    }
    try await serve(arrivals([longest], 1), Layered(groups: 1))
    guard policies.contains(where: { $0.name == .adaptive }) else { return IterationTime() }
    let context = min(engine.files.description.maxPositions, positions)
    let prompt = max(1, min(longest, Self.calibrationTokens, context - Self.calibrationOutputs))
    let outputs = min(Self.calibrationOutputs, context - prompt + 1)
    let prompts = Array(repeating: prompt, count: max(1, min(Self.calibrationRequests, maxRequests)))
    try await serve(arrivals(prompts, outputs), Calibration())
    return (await engine.policy as? Calibration)?.time ?? IterationTime()
  }

  private static let calibrationTokens = 1024
  private static let calibrationOutputs = 32
  private static let calibrationRequests = 3
}
