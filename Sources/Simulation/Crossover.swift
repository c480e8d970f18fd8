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
  }

  package struct Point: Sendable, Encodable {
    package var promptTokens: Int
    /// The rate's share of the highest throughput of chunks of 512.
    package var load: Double
    /// Requests a second.
    package var rate: Double
    package var layered: Latency
    package var chunks: [Latency]
  }

  package var points: [Point]

  package static let promptLengths = [256, 512, 1024, 2048, 4096, 8192, 16384]
  package static let loads = [0.1, 0.3, 0.5, 0.7, 0.9]
  package static let chunkSizes = [512, 1024, 2048, 4096, 8192]
  /// Tokens that each request generates, and requests of a run.
  package static let outputTokens = 200
  package static let requests = 120
  /// A chunk size has the same time between tokens as `layered` if its P99 is at most so many times that one's.
  package static let sameTBT = 1.15
}

extension Crossover.Point {
  package typealias Latency = Crossover.Latency

  /// The chunk size with the lowest time of a kind, among all, or among those with no worse a time between tokens.
  package func best(_ time: KeyPath<Latency, Double>, atSameTBT: Bool) -> Latency? {
    let limit = atSameTBT ? layered.p99TBT * Crossover.sameTBT : .infinity
    return chunks.filter { $0.p99TBT <= limit }.min { $0[keyPath: time] < $1[keyPath: time] }
  }

  /// How much of the best chunk size's time `layered` saves: 0.3 for 30 % less, below 0 if it takes longer; nil if no
  /// chunk size has so short a time between tokens.
  package func gain(_ time: KeyPath<Latency, Double>, atSameTBT: Bool) -> Double? {
    best(time, atSameTBT: atSameTBT).map { 1 - layered[keyPath: time] / $0[keyPath: time] }
  }
}

extension Crossover {
  /// The shortest prompt from which on `layered` is better by at least 1 % at this load; nil if it is not with the longest.
  package func firstLength(
    _ time: KeyPath<Latency, Double>, atSameTBT: Bool, load: Double
  ) -> Int? {
    let row = points.filter { $0.load == load }.sorted { $0.promptTokens > $1.promptTokens }
    let better = row.prefix { ($0.gain(time, atSameTBT: atSameTBT) ?? 1) >= 0.01 }
    return better.last?.promptTokens
  }
}

extension Study {
  /// - Parameter seed: of the arrivals.
  package func crossover(
    seed: UInt64, lengths: [Int] = Crossover.promptLengths, loads: [Double] = Crossover.loads,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Crossover {
    let policies =
      [PolicyOptions(.layered)] + Crossover.chunkSizes.map { PolicyOptions(.chunked, chunkSize: $0) }
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
