package import Scheduling

/// The requests of a workload for a real model: prompts of the trace's lengths, and when each is submitted.
///
/// An open loop: a request comes when its time has come, however many others wait.
package struct ServingRun: Sendable {
  package let workload: Workload
  private let prompts: [[Int32]]

  /// Makes prompts of random tokens, so that no two begin alike but for `sharedTokens`.
  ///
  /// - Parameters:
  ///   - vocabulary: tokens are 0 ..< `vocabulary`.
  ///   - seed: the same seed gives the same prompts.
  ///   - sharedTokens: so many tokens are the same at the beginning of all prompts, as far as they are as long.
  package init(_ workload: Workload, vocabulary: Int, seed: UInt64, sharedTokens: Int = 0) {
    self.workload = workload
    var random = SeededRandom(seed ^ 0x7072_6F6D_7074)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }
    let longest = workload.arrivals.map(\.lengths.promptTokens).max() ?? 0
    let shared = tokens(min(max(0, sharedTokens), longest))
    prompts = workload.arrivals.map { arrival in
      let common = shared.prefix(arrival.lengths.promptTokens)
      return common + tokens(arrival.lengths.promptTokens - common.count)
    }
  }

  /// The requests in order of arrival; each generates as many tokens as the trace says, whatever they are.
  package var requests: [GenerationRequest] {
    zip(prompts, workload.arrivals).map { GenerationRequest(prompt: $0, maxTokens: $1.lengths.outputTokens) }
  }

  /// What a run gave: each request in order of arrival, its times from the run's beginning, and what the iterations
  /// added up to.
  package struct Outcome: Sendable {
    package var requests: [RequestTimes]
    package var results: [GenerationResult]
    package var totals: IterationTotals
  }

  /// Submits each request when its time has come, never waiting for others, and listens to all until they are done.
  ///
  /// A request's times count from when it should have come, even if its submission was late.
  /// - Parameters:
  ///   - engine: one without requests, restarted with the policy that is measured.
  ///   - concurrency: in place of the times of arrival, so many requests are under way at once, one following the other.
  ///   - progress: told how many requests are done.
  package func run(
    on engine: Engine, concurrency: Int? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    let begin = ContinuousClock.now
    let requests = requests
    var results = try await withThrowingTaskGroup(of: (index: Int, result: GenerationResult).self) { group in
      var results: [(index: Int, result: GenerationResult)] = []
      func collect() async throws {
        guard let next = try await group.next() else { return }
        results.append(next)
        progress(results.count)
      }
      for (index, request) in requests.enumerated() {
        if let concurrency, index >= concurrency { try await collect() }
        let due = concurrency == nil ? begin + .seconds(workload.arrivals[index].time) : nil
        group.addTask {
          if let due { try await Task.sleep(until: due, clock: .continuous) }
          let arrival = due ?? .now
          let streams = try await engine.submit([request], at: arrival)
          for try await case .finished(let result) in streams[0] { return (index, result) }
          throw EngineError("request \(index + 1) of the workload ended without a result")
        }
      }
      while results.count < requests.count { try await collect() }
      return results
    }
    results.sort { $0.index < $1.index }
    let origin = (begin - engine.start).seconds
    let times = results.map(\.result.times).map { times in
      RequestTimes(
        arrival: times.arrival - origin, promptTokens: times.promptTokens, tokens: times.tokens.map { $0 - origin })
    }
    var totals = try await engine.iterationTotals()
    totals.inSystemAtArrivals = results.map(\.result.inSystemAtArrival)
    for index in totals.records.indices { totals.records[index].began -= origin }
    return Outcome(requests: times, results: results.map(\.result), totals: totals)
  }
}
