import Foundation

/// Requests and when they arrive: an open loop, in which nobody waits for an answer before asking.
package struct Workload: Sendable, Equatable {
  package struct Arrival: Sendable, Equatable {
    /// Seconds from the beginning.
    package var time: Double
    package var lengths: Trace.Entry

    package init(time: Double, lengths: Trace.Entry) {
      self.time = time
      self.lengths = lengths
    }
  }

  /// Sorted by time.
  package let arrivals: [Arrival]

  package init(arrivals: [Arrival]) { self.arrivals = arrivals }

  /// The requests of a trace that tells when they arrived, in the order of their times.
  package init?(replaying trace: Trace) {
    guard trace.hasArrivals else { return nil }
    arrivals = trace.entries.map { Arrival(time: $0.arrival ?? 0, lengths: $0) }.sorted { $0.time < $1.time }
  }

  /// Requests a second, from the first to the last arrival.
  package var meanRate: Double {
    let span = (arrivals.last?.time ?? 0) - (arrivals.first?.time ?? 0)
    return span > 0 ? Double(arrivals.count - 1) / span : Double(arrivals.count)
  }

  /// How many requests there are.
  package enum Size: Sendable, Equatable {
    case requests(Int)
    /// All that arrive within so many seconds.
    case seconds(Double)
  }

  /// Requests of `trace` in an order that the seed gives, again from the first if there are too few, by a Poisson process:
  /// the times between arrivals are independent and exponential with mean 1 / rate.
  ///
  /// - Parameters:
  ///   - rate: requests a second.
  ///   - seed: the same seed gives the same requests for every rate, and the same times but for their scale.
  /// - Throws: `SchedulingError` for a rate or size that is not above 0, that gives no request or more than a million, or
  ///   with which requests would come for more than `longestRun`.
  package init(_ trace: Trace, rate: Double, size: Size, seed: UInt64) throws(SchedulingError) {
    guard rate > 0, rate.isFinite else { throw SchedulingError("request-rate is \(rate), expected a number above 0") }
    try Self.check(size, rate: rate)
    var random = SeededRandom(seed)
    let order = trace.entries.shuffled(using: &random)
    var arrivals: [Arrival] = []
    var time = 0.0
    var isFull = false
    while !isFull {
      // In (0, 1], so that the logarithm is finite.
      time -= log(1 - random.unit()) / rate
      switch size {
      case .requests(let count): isFull = arrivals.count == count
      case .seconds(let seconds): isFull = time >= seconds
      }
      if !isFull { arrivals.append(Arrival(time: time, lengths: order[arrivals.count % order.count])) }
    }
    guard !arrivals.isEmpty else {
      throw SchedulingError("no request comes: request-rate is \(rate), expected more, or a longer duration")
    }
    self.arrivals = arrivals
  }

  private static let mostRequests = 1_000_000
  /// Seconds: some thirty years.
  private static let longestRun = 1e9

  private static func check(_ size: Size, rate: Double) throws(SchedulingError) {
    switch size {
    case .requests(let count):
      guard (1...mostRequests).contains(count) else {
        throw SchedulingError(
          "num-requests is \(count), expected \(count < 1 ? "1 or more" : "at most \(mostRequests)")")
      }
      guard Double(count) / rate <= longestRun else {
        throw SchedulingError(
          "request-rate is \(rate): \(count) requests would come within \(Double(count) / rate) s, expected at most "
            + "\(longestRun)")
      }
    case .seconds(let seconds):
      guard seconds > 0, seconds <= longestRun else {
        throw SchedulingError("duration is \(seconds), expected a number of seconds above 0, at most \(longestRun)")
      }
      guard seconds * rate <= Double(mostRequests) else {
        throw SchedulingError(
          "request-rate is \(rate): \(seconds * rate) requests would come in \(seconds) s, expected at most "
            + "\(mostRequests)")
      }
    }
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for a seed everywhere.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// What the state grows by with each number: seed + n · step begins at number n of the seed's sequence.
  package static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= Self.step
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1).
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
