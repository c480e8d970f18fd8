/// How long the scheduler itself takes for an iteration: nothing is executed.
package struct SchedulerBenchmark: Sendable {
  package struct Result: Sendable, Encodable {
    package var policy: String
    package var running: Int
    package var waiting: Int
    /// Seconds of `nextPlan` and `complete` together, by iteration.
    package var time: Distribution
    /// The mean of `nextPlan` alone.
    package var planning: Double
    /// The mean of `add`, behind all that wait.
    package var arrival: Double
  }

  /// Requests that run in every measured iteration, and those that wait.
  package var running: Int
  package var waiting: Int
  package var iterations = 1000
  /// Tokens of each prompt that waits; one that runs begins with as many positions.
  package var promptTokens = 1024
  package var layerCount = 48

  package init(running: Int, waiting: Int) {
    self.running = running
    self.waiting = waiting
  }

  private static let blockSize = 16

  /// There are places for those that run and one more: a prompt is always under way, and all others wait for its place.
  /// It generates a single token, so the next one follows, and a new one comes to wait.
  ///
  /// - Throws: `SchedulingError` if a number is below 1, or more than can be kept the books of.
  package func run(_ options: PolicyOptions) throws(SchedulingError) -> Result {
    for (name, value) in [("running", running), ("waiting", waiting), ("iterations", iterations)] where value < 1 {
      throw SchedulingError("\(name) is \(value), expected 1 or more")
    }
    for (name, value, most) in [
      ("running", running, 1000), ("waiting", waiting, 1_000_000), ("iterations", iterations, 100_000),
    ] where value > most {
      throw SchedulingError("\(name) is \(value), expected at most \(most)")
    }
    // The first prompts generate while all the others that run pass, and then as long as is measured.
    let positions = promptTokens + iterations + running * 100 + 1000
    var scheduler = Scheduler(
      policy: try options.policy(layerCount: layerCount), layerCount: layerCount,
      limits: .init(maxRequests: running + 1, maxPositions: positions),
      pool: BlockPool(blockCount: (running + 2) * (positions / Self.blockSize + 2), blockSize: Self.blockSize))
    var count = 0
    func add() throws(SchedulingError) {
      let maxTokens = count < running ? positions - promptTokens : 1
      try scheduler.add(
        RequestShape(id: RequestID(count), promptTokens: promptTokens, maxTokens: maxTokens, arrival: Double(count)))
      count += 1
    }
    for _ in 0..<running + waiting { try add() }

    let clock = ContinuousClock()
    var times: [Double] = []
    var planning = 0.0
    var (arriving, arrivals) = (0.0, 0)
    while times.count < iterations {
      let isFull = scheduler.runningCount == running
      let begin = clock.now
      guard let plan = scheduler.nextPlan() else { break }
      let planned = clock.now
      let outcome = outcome(of: plan)
      let executed = clock.now
      scheduler.complete(plan, outcome, seconds: seconds(of: plan))
      let end = clock.now
      if isFull {
        times.append(((planned - begin) + (end - executed)) / .seconds(1))
        planning += (planned - begin) / .seconds(1)
      }
      while scheduler.waitingCount < waiting {
        let begin = clock.now
        try add()
        arriving += (clock.now - begin) / .seconds(1)
        arrivals += 1
      }
    }
    return Result(
      policy: options.label, running: running, waiting: waiting, time: Distribution(times),
      planning: planning / Double(max(times.count, 1)), arrival: arriving / Double(max(arrivals, 1)))
  }

  /// As an executor would have it.
  private func outcome(of plan: IterationPlan) -> IterationOutcome {
    var outcome = IterationOutcome(advanced: plan.decode)
    for tile in plan.prefill where tile.layers.upperBound == layerCount {
      for slice in tile.slices where slice.tokens.upperBound == promptTokens {
        outcome.advanced.append(slice.request)
        if slice.request.value >= running { outcome.finished.append(slice.request) }
      }
    }
    return outcome
  }

  /// Some device's time, for a policy that learns it.
  private func seconds(of plan: IterationPlan) -> Double {
    let work = plan.prefill.reduce(0) { $0 + $1.tokenCount * $1.layers.count }
    return 0.005 + 1e-5 * Double(plan.decode.count) + 1e-6 * Double(work)
  }
}
