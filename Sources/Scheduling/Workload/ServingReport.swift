/// What happened to one request, in seconds on the run's clock.
package struct RequestTimes: Sendable, Equatable, Encodable {
  package var arrival: Double
  package var promptTokens: Int
  /// When each token came, the first one too.
  package var tokens: [Double]

  package init(arrival: Double, promptTokens: Int, tokens: [Double] = []) {
    self.arrival = arrival
    self.promptTokens = promptTokens
    self.tokens = tokens
  }

  /// Time to the first token.
  package var timeToFirstToken: Double? { tokens.first.map { $0 - arrival } }
  /// Times between tokens (TBT, or ITL).
  package var gaps: [Double] { zip(tokens.dropFirst(), tokens).map { $0 - $1 } }
  /// Mean time per output token behind the first (TPOT); 0 with a single token.
  package var timePerOutputToken: Double {
    guard tokens.count > 1, let first = tokens.first, let last = tokens.last else { return 0 }
    return (last - first) / Double(tokens.count - 1)
  }
  /// End to end.
  package var duration: Double? { tokens.last.map { $0 - arrival } }
}

/// Limits that a request's times should keep, in seconds.
package struct ServiceLevel: Sendable, Equatable, Encodable {
  package var timeToFirstToken: Double
  package var timeBetweenTokens: Double

  package init(timeToFirstToken: Double, timeBetweenTokens: Double) {
    self.timeToFirstToken = timeToFirstToken
    self.timeBetweenTokens = timeBetweenTokens
  }

  package func isMetAtFirst(by times: RequestTimes) -> Bool {
    times.timeToFirstToken.map { $0 <= timeToFirstToken } ?? false
  }

  /// The paper's rule: every gap counts.
  package func isMetBetween(by times: RequestTimes) -> Bool { times.gaps.allSatisfy { $0 <= timeBetweenTokens } }

  /// vLLM's rule for goodput: the mean gap counts.
  package func isMetOnAverage(by times: RequestTimes) -> Bool { times.timePerOutputToken <= timeBetweenTokens }
}

/// What the iterations of a run added up to.
package struct IterationTotals: Sendable, Equatable {
  package var iterations = 0
  /// Decode rows of all iterations.
  package var decodeRows = 0
  /// What was read and moved.
  package var ledger = Ledger()
  /// Requests in the system when others arrived, themselves not counted: what the paper plots as its decode batch.
  package var inSystemAtArrivals: [Int] = []
  /// Joules, where known.
  package var energy: Double?
  package var preemptions = 0
  /// Each iteration, if they are kept.
  package var records: [IterationRecord] = []

  package init() {}
}

/// A run's figures, in the words of `vllm bench serve`; times are in seconds.
package struct ServingReport: Sendable, Equatable, Encodable {
  package var policy: String
  package var requestRate: Double?
  package var completed: Int
  /// Requests without a token.
  package var failed: Int
  /// From the first arrival to the last token.
  package var duration: Double
  package var totalInputTokens: Int
  package var totalOutputTokens: Int
  package var requestThroughput: Double
  package var outputThroughput: Double
  package var totalTokenThroughput: Double
  package var ttft: Distribution
  package var tpot: Distribution
  package var itl: Distribution
  package var e2el: Distribution
  package var serviceLevel: ServiceLevel?
  /// Shares of requests that keep both limits, every gap counted, and each of the limits alone.
  package var attainment: Double?
  package var attainmentTTFT: Double?
  package var attainmentTBT: Double?
  /// Requests a second that keep the limits: by every gap, and by the mean gap.
  package var goodput: Double?
  package var goodputMeanTPOT: Double?
  package var iterations: Int
  package var meanDecodeBatch: Double
  package var meanInSystemAtArrivals: Double
  /// Bytes of experts' weights read from device memory, at layers with decode rows only and inside tiles: the ledger's.
  package var expertBytesDecode: Double
  package var expertBytesPrefill: Double
  package var ledger: Ledger
  package var energyPerToken: Double?
  package var preemptions: Int

  package init(
    policy: String, requestRate: Double?, requests: [RequestTimes], totals: IterationTotals, serviceLevel: ServiceLevel?
  ) {
    let done = requests.filter { !$0.tokens.isEmpty }
    let begin = requests.map(\.arrival).min() ?? 0
    let end = done.compactMap(\.tokens.last).max() ?? begin
    self.policy = policy
    self.requestRate = requestRate
    self.serviceLevel = serviceLevel
    completed = done.count
    failed = requests.count - done.count
    duration = end - begin
    totalInputTokens = done.reduce(0) { $0 + $1.promptTokens }
    totalOutputTokens = done.reduce(0) { $0 + $1.tokens.count }
    let seconds = max(duration, .leastNormalMagnitude)
    requestThroughput = Double(completed) / seconds
    outputThroughput = Double(totalOutputTokens) / seconds
    totalTokenThroughput = Double(totalInputTokens + totalOutputTokens) / seconds
    ttft = Distribution(done.compactMap(\.timeToFirstToken))
    tpot = Distribution(done.filter { $0.tokens.count > 1 }.map(\.timePerOutputToken))
    itl = Distribution(done.flatMap(\.gaps))
    e2el = Distribution(done.compactMap(\.duration))
    if let level = serviceLevel, !requests.isEmpty {
      func count(_ isMet: (RequestTimes) -> Bool) -> Double { Double(requests.count(where: isMet)) }
      let all = Double(requests.count)
      let both = count { level.isMetAtFirst(by: $0) && level.isMetBetween(by: $0) }
      attainment = both / all
      attainmentTTFT = count { level.isMetAtFirst(by: $0) } / all
      attainmentTBT = count { level.isMetBetween(by: $0) && !$0.tokens.isEmpty } / all
      goodput = both / seconds
      goodputMeanTPOT = count { level.isMetAtFirst(by: $0) && level.isMetOnAverage(by: $0) } / seconds
    }
    iterations = totals.iterations
    meanDecodeBatch = totals.iterations > 0 ? Double(totals.decodeRows) / Double(totals.iterations) : 0
    let inSystem = totals.inSystemAtArrivals
    meanInSystemAtArrivals = inSystem.isEmpty ? 0 : Double(inSystem.reduce(0, +)) / Double(inSystem.count)
    let experts = totals.ledger.total.memory[.expert] ?? Ledger.Phases()
    expertBytesDecode = experts.decode
    expertBytesPrefill = experts.prefill
    ledger = totals.ledger
    let tokens = totalInputTokens + totalOutputTokens
    energyPerToken = totals.energy.map { tokens > 0 ? $0 / Double(tokens) : 0 }
    preemptions = totals.preemptions
  }
}
