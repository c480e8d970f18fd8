package import Scheduling
import Synchronization

/// A model on a machine, ready for any number of simulated runs.
package struct Study: Sendable {
  package var costs: CostModel
  package var maxRequests = 256
  package var maxBatchedTokens = 8192
  /// Positions of one sequence, and of all in the KV cache; nil for the model's context, and for what fits.
  package var maxPositions: Int?
  package var cachePositions: Int?

  package init(_ costs: CostModel) { self.costs = costs }

  /// What a run needs beside the study.
  package struct Job: Sendable {
    package var policy: PolicyOptions
    package var rate: Double?
    package var workload: Workload
    package var serviceLevel: ServiceLevel?
    /// Keep each request's times and each iteration's account, and what each iteration ran.
    package var keepsDetails = false
    package var keepsIterations = false

    package init(_ policy: PolicyOptions, rate: Double?, workload: Workload, serviceLevel: ServiceLevel? = nil) {
      self.policy = policy
      self.rate = rate
      self.workload = workload
      self.serviceLevel = serviceLevel
    }
  }

  /// What came of a job.
  package struct Run: Sendable {
    package var policy: PolicyOptions
    package var report: ServingReport
    package var requests: [RequestTimes]?
    package var records: [IterationRecord]?
    package var iterations: [Timeline.Iteration]
  }

  package func simulator() throws(SimulationError) -> Simulator {
    do {
      try Scheduler.Limits.check(maxRequests: maxRequests, maxBatchedTokens: maxBatchedTokens)
    } catch { throw SimulationError(error.description) }
    for (option, value) in [("max-model-len", maxPositions), ("cache-positions", cachePositions)] {
      if let value, value < 1 { throw SimulationError("\(option) is \(value), expected 1 or more") }
    }
    return try Simulator(
      costs, maxRequests: maxRequests, maxBatchedTokens: maxBatchedTokens, maxPositions: maxPositions,
      cachePositions: cachePositions)
  }

  /// The policy; `adaptive` begins with what the cost model predicts for loads of all sizes, and goes on to learn.
  package func policy(_ options: PolicyOptions) throws(SchedulingError) -> any Policy {
    let layers = costs.model.layers
    return try options.policy(
      layerCount: layers,
      time: IterationTime(seed: IterationTime.grid(layerCount: layers)) { costs.cost(of: $0).seconds })
  }

  /// - Throws: `SimulationError` that says how many requests are longer than a sequence, or the KV cache, may be.
  private func check(_ workload: Workload, _ simulator: Simulator) throws(SimulationError) {
    let lengths = workload.arrivals.map(\.lengths)
    for (most, place) in [
      (simulator.limits.maxPositions, "a sequence (max-model-len, or the model's context)"),
      (simulator.blocks * Simulator.blockSize, "the KV cache (cache-positions, or what fits beside the weights)"),
    ] {
      let tooLong = lengths.filter { $0.positions > most }
      guard let longest = tooLong.max(by: { $0.positions < $1.positions }) else { continue }
      throw SimulationError(
        "\(tooLong.count) of \(lengths.count) requests do not fit into the \(most) positions of \(place): the longest has "
          + "\(longest.promptTokens) prompt tokens and \(longest.outputTokens) to generate")
    }
  }

  /// - Parameter progress: told of the share of arrivals that have come.
  /// - Throws: `SimulationError` for requests that can never run, before any has.
  package func run(_ job: Job, progress: (Double) -> Void = { _ in }) throws -> Run {
    let policy = try policy(job.policy)
    var iterations: [Timeline.Iteration] = []
    let end = max(job.workload.arrivals.last?.time ?? 0, .leastNormalMagnitude)
    var told = 0.0
    let simulator = try simulator()
    try check(job.workload, simulator)
    let (requests, totals) = try simulator.run(
      job.workload, policy: policy, keepsRecords: job.keepsDetails
    ) { began, plan, cost in
      if job.keepsIterations { iterations.append(.init(began: began, seconds: cost.seconds, plan: plan)) }
      if began / end > told + 0.01 {
        told = min(1, began / end)
        progress(told)
      }
    }
    return Run(
      policy: job.policy,
      report: ServingReport(
        policy: job.policy.label, requestRate: job.rate, requests: requests, totals: totals,
        serviceLevel: job.serviceLevel), requests: job.keepsDetails ? requests : nil,
      records: job.keepsDetails ? totals.records : nil, iterations: iterations)
  }

  /// All of them, on as many threads as there are cores, in the order of `jobs`.
  ///
  /// - Parameter progress: told, from any thread, of the share that is done.
  package func runs(_ jobs: [Job], progress: @escaping @Sendable (Double) -> Void = { _ in }) async throws -> [Run] {
    let shares = Shares(jobs.count)
    return try await withThrowingTaskGroup(of: (Int, Run).self) { group in
      for (index, job) in jobs.enumerated() {
        group.addTask {
          let run = try self.run(job) { progress(shares.set(index, $0)) }
          progress(shares.set(index, 1))
          return (index, run)
        }
      }
      var found = [Run?](repeating: nil, count: jobs.count)
      for try await (index, run) in group { found[index] = run }
      return found.compactMap(\.self)
    }
  }

  /// How much of each of several jobs is done.
  private final class Shares: Sendable {
    private let done: Mutex<[Double]>

    init(_ count: Int) { done = Mutex(Array(repeating: 0, count: count)) }

    /// - Returns: the share of all together.
    func set(_ index: Int, _ share: Double) -> Double {
      done.withLock {
        $0[index] = share
        return $0.reduce(0, +) / Double($0.count)
      }
    }
  }
}

extension Study.Run: Encodable {
  private enum Keys: CodingKey { case requests, iterations }

  /// The report's fields, and the requests and iterations beside them if they were kept.
  package func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    var container = encoder.container(keyedBy: Keys.self)
    try container.encodeIfPresent(requests, forKey: .requests)
    try container.encodeIfPresent(records, forKey: .iterations)
  }
}
