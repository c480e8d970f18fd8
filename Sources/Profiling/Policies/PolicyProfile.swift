package import Engine
import Models
import OpenCLBackend
package import Scheduling

/// One prompt alone under one policy, as measured.
package struct PolicyRun: Sendable, Encodable {
  package var policy: String
  package var promptTokens: Int
  package var iterations: Int
  /// To the first token, by the host's clock: the median of the rounds.
  package var seconds: Double
  /// What kernels took on the device, and those of experts among them, by OpenCL events.
  package var kernelSeconds: Double
  package var expertSeconds: Double
  /// Of experts' weights read from device memory (modelled: from what was routed), and moved to the device (counted).
  package var expertBytes: Double
  package var transferredBytes: Double

  package init(
    policy: String, promptTokens: Int, iterations: Int, seconds: Double, kernelSeconds: Double, expertSeconds: Double,
    expertBytes: Double, transferredBytes: Double
  ) {
    self.policy = policy
    self.promptTokens = promptTokens
    self.iterations = iterations
    self.seconds = seconds
    self.kernelSeconds = kernelSeconds
    self.expertSeconds = expertSeconds
    self.expertBytes = expertBytes
    self.transferredBytes = transferredBytes
  }

  package var secondsPerToken: Double { seconds / Double(promptTokens) }
  package var expertBytesPerToken: Double { expertBytes / Double(promptTokens) }
}

/// The same prompt under several policies on one device, and what the device did in the last round of each.
package struct PolicyProfile: Sendable {
  package var runs: [PolicyRun]
  /// Of each run, in the same order.
  package var timelines: [DeviceTimeline]

  package static let rounds = 3

  package init(runs: [PolicyRun], timelines: [DeviceTimeline]) {
    self.runs = runs
    self.timelines = timelines
  }
}

extension PolicyProfile {
  /// Kernels that multiply by experts' weights.
  static let expertKernels: Set<String> = ["gate_up", "down"]

  /// Runs the prompt with each policy in turn, in rounds.
  ///
  /// - Parameters:
  ///   - prompt: its tokens.
  ///   - progress: told what is done next.
  /// - Throws: `EngineError` or `SchedulingError` for a prompt or a policy that cannot run.
  package init(
    of prompt: [Int32], policies: [PolicyOptions], _ files: ModelFiles, on device: DeviceSelection,
    progress: @escaping @Sendable (String) -> Void
  ) async throws {
    let layers = files.description.layerCount
    for options in policies { _ = try options.policy(layerCount: layers) }
    try files.check(prompt, source: "prompt-tokens")
    var options = EngineOptions(
      device: device, policy: Layered(), cachePositions: prompt.count, expectedTokens: prompt.count)
    if let chunk = policies.compactMap(\.chunkSize).max() {
      options.maxBatchedTokens = max(chunk, Engine.maxBatchedTokens(files, options))
    }
    options.prefixCaching = false
    options.profiling = true
    progress("loading the model")
    let engine = try Engine(files, tokenizer: nil, options: options)
    // Buffers grow, and experts come to the device.
    _ = try await Self.run(prompt, Layered(groups: 1), on: engine)
    var found = [[(run: PolicyRun, timeline: DeviceTimeline)]](repeating: [], count: policies.count)
    for round in 1...Self.rounds {
      for (index, policy) in policies.enumerated() {
        progress("\(policy.label), round \(round) of \(Self.rounds)")
        var result = try await Self.run(prompt, policy.policy(layerCount: layers), on: engine)
        result.run.policy = policy.label
        found[index].append(result)
      }
    }
    runs = found.map { rounds in
      var run = rounds[0].run
      run.seconds = Samples(rounds.map(\.run.seconds)).median
      run.kernelSeconds = Samples(rounds.map(\.run.kernelSeconds)).median
      run.expertSeconds = Samples(rounds.map(\.run.expertSeconds)).median
      run.expertBytes = Samples(rounds.map(\.run.expertBytes)).median
      run.transferredBytes = Samples(rounds.map(\.run.transferredBytes)).median
      return run
    }
    timelines = found.compactMap { $0.last?.timeline }
  }

  private static func run(
    _ prompt: [Int32], _ policy: any Policy, on engine: Engine
  ) async throws -> (run: PolicyRun, timeline: DeviceTimeline) {
    try await engine.restart(policy)
    _ = try await engine.takeRecords()
    var seconds = 0.0
    for stream in try await engine.submit([GenerationRequest(prompt: prompt, maxTokens: 1)]) {
      for try await case .finished(let result) in stream { seconds = result.timeToFirstToken }
    }
    let totals = try await engine.iterationTotals()
    let records = try await engine.takeRecords()
    let moved = totals.ledger.total
    func sum(_ launches: [LaunchRecord]) -> Double { launches.reduce(0) { $0 + $1.seconds } }
    let run = PolicyRun(
      policy: "", promptTokens: prompt.count, iterations: totals.iterations, seconds: seconds,
      kernelSeconds: sum(records.launches),
      expertSeconds: sum(records.launches.filter { expertKernels.contains($0.kernel) }),
      expertBytes: moved.memory[.expert]?.total ?? 0,
      transferredBytes: moved.hostToDevice.total)
    return (run, DeviceTimeline(launches: records.launches, transfers: records.transfers))
  }
}
