import Scheduling

/// Where `layered` is better than cutting chunks, and where it is not: mean latencies for prompts of one length at some
/// loads, against every chunk size.
package struct Crossover: Sendable, Encodable {
  package struct Latency: Sendable, Equatable, Encodable {
    package var policy: String
    /// Seconds.
    package var meanTTFT: Double
    package var meanE2E: Double
    package var p99TBT: Double

    package init(policy: String, meanTTFT: Double, meanE2E: Double, p99TBT: Double) {
      self.policy = policy
      self.meanTTFT = meanTTFT
      self.meanE2E = meanE2E
      self.p99TBT = p99TBT
    }
  }

  package struct Point: Sendable, Encodable {
    package var promptTokens: Int
    /// The rate's share of the highest throughput of chunks of 512.
    package var load: Double
    /// Requests a second.
    package var rate: Double
    package var layered: Latency
    package var chunks: [Latency]

    package init(promptTokens: Int, load: Double, rate: Double, layered: Latency, chunks: [Latency]) {
      self.promptTokens = promptTokens
      self.load = load
      self.rate = rate
      self.layered = layered
      self.chunks = chunks
    }
  }

  package var points: [Point]

  package init(points: [Point]) { self.points = points }

  package static let promptLengths = [256, 512, 1024, 2048, 4096, 8192, 16384]
  package static let loads = [0.1, 0.3, 0.5, 0.7, 0.9]
  package static let chunkSizes = [512, 1024, 2048, 4096, 8192]
  /// Tokens that each request generates, and requests of a run.
  package static let outputTokens = 200
  package static let requests = 120
  /// A chunk size is no worse between tokens than `layered` if its P99 is at most so many times that one's.
  package static let sameTBT = 1.15

  /// Which chunk sizes `layered` has to be better than.
  package enum Rivals: Sendable, Equatable {
    /// All.
    case any
    /// Those whose P99 between tokens is no worse than that of `layered`.
    case sameTBT
    /// Those whose P99 between tokens is at most so many seconds.
    case within(Double)
  }
}

extension Crossover.Point {
  package typealias Latency = Crossover.Latency

  /// The chunk size with the lowest time of a kind; nil if no rival is left.
  package func best(_ time: KeyPath<Latency, Double>, among rivals: Crossover.Rivals) -> Latency? {
    let limit =
      switch rivals {
      case .any: Double.infinity
      case .sameTBT: layered.p99TBT * Crossover.sameTBT
      case .within(let seconds): seconds
      }
    return chunks.filter { $0.p99TBT <= limit }.min { $0[keyPath: time] < $1[keyPath: time] }
  }

  /// How much of the best chunk size's time `layered` saves: 0.3 for 30 % less, below 0 if it takes longer; nil if no
  /// rival is left.
  package func gain(_ time: KeyPath<Latency, Double>, among rivals: Crossover.Rivals) -> Double? {
    best(time, among: rivals).map { 1 - layered[keyPath: time] / $0[keyPath: time] }
  }
}

extension Crossover {
  /// `layered` is better if it saves at least so much.
  package static let leastGain = 0.01

  /// The shortest prompt from which on `layered` is better at this load, or no chunk size keeps the time between tokens;
  /// nil if it is not with the longest.
  package func firstLength(_ time: KeyPath<Latency, Double>, among rivals: Rivals, load: Double) -> Int? {
    let row = points.filter { $0.load == load }.sorted { $0.promptTokens > $1.promptTokens }
    return row.prefix { ($0.gain(time, among: rivals) ?? 1) >= Self.leastGain }.last?.promptTokens
  }
}

extension Study {
  /// - Parameters:
  ///   - seed: of the arrivals.
  ///   - lengths: of prompts; those that do not fit into the context or the KV cache are left out.
  /// - Throws: `SimulationError` if none fits.
  package func crossover(
    seed: UInt64, lengths: [Int] = Crossover.promptLengths, loads: [Double] = Crossover.loads,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Crossover {
    let policies =
      [PolicyOptions(.layered)] + Crossover.chunkSizes.map { PolicyOptions(.chunked, chunkSize: $0) }
    let simulator = try simulator()
    let most = min(simulator.limits.maxPositions, simulator.blocks * Simulator.blockSize)
    let lengths = lengths.filter { $0 + Crossover.outputTokens - 1 <= most }
    guard !lengths.isEmpty else {
      throw SimulationError(
        "no prompt length fits: the shortest has \(Crossover.promptLengths[0]) tokens and \(Crossover.outputTokens) to "
          + "generate, but a sequence has at most \(most) positions")
    }
    var places: [(length: Int, load: Double, rate: Double)] = []
    var jobs: [Job] = []
    for length in lengths {
      let trace = Trace(entries: [.init(promptTokens: length, outputTokens: Crossover.outputTokens)])
      let burst = try Workload(trace, rate: 1e6, size: .requests(Crossover.requests / 2), seed: seed)
      let most = try run(Job(PolicyOptions(.chunked, chunkSize: 512), rate: nil, workload: burst)).report
      for load in loads {
        let rate = load * most.requestThroughput
        let workload = try Workload(trace, rate: rate, size: .requests(Crossover.requests), seed: seed)
        places.append((length, load, rate))
        jobs += policies.map { Job($0, rate: rate, workload: workload) }
      }
    }
    let latencies = try await runs(jobs, progress: progress).map { run in
      Crossover.Latency(
        policy: run.policy.label, meanTTFT: run.report.ttft.mean, meanE2E: run.report.e2el.mean,
        p99TBT: run.report.itl.p99)
    }
    let points = places.enumerated().map { index, place in
      let row = latencies[index * policies.count..<(index + 1) * policies.count]
      return Crossover.Point(
        promptTokens: place.length, load: place.load, rate: place.rate, layered: row[row.startIndex],
        chunks: Array(row.dropFirst()))
    }
    return Crossover(points: points)
  }
}
