import Foundation
import Scheduling
import Testing

struct WorkloadTests {
  private let trace = Trace(entries: (1...50).map { .init(promptTokens: $0, outputTokens: 2 * $0) })

  /// Gaps of a Poisson process are exponential: mean 1 / rate, variance 1 / rate². With 20,000 of them the mean is within
  /// 4 standard errors of 0.7 %, the variance within 4 of 2 %.
  @Test func gapsAreExponential() throws {
    let arrivals = try Workload(trace, rate: 4, size: .requests(20_000), seed: 3).arrivals
    let gaps = zip(arrivals, [.init(time: 0, lengths: arrivals[0].lengths)] + arrivals).map { $0.time - $1.time }
    let mean = gaps.reduce(0, +) / Double(gaps.count)
    let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
    #expect(abs(mean * 4 - 1) < 0.028)
    #expect(abs(variance * 16 - 1) < 0.08)
    #expect(gaps.allSatisfy { $0 >= 0 })
    // The share of gaps above the mean is 1 / e.
    #expect(abs(Double(gaps.count { $0 > 0.25 }) / 20_000 - exp(-1)) < 0.014)
  }

  /// Counts in a second are Poisson: their variance is their mean.
  @Test func countsArePoisson() throws {
    let arrivals = try Workload(trace, rate: 5, size: .seconds(4000), seed: 1).arrivals
    var counts = [Double](repeating: 0, count: 4000)
    for arrival in arrivals { counts[Int(arrival.time)] += 1 }
    let mean = counts.reduce(0, +) / 4000
    let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    #expect(abs(mean / 5 - 1) < 0.03)
    #expect(abs(variance / mean - 1) < 0.1)
  }

  @Test func aSeedGivesTheSameRequests() throws {
    let one = try Workload(trace, rate: 2, size: .requests(120), seed: 9)
    #expect(try one == Workload(trace, rate: 2, size: .requests(120), seed: 9))
    #expect(try one != Workload(trace, rate: 2, size: .requests(120), seed: 10))
    // Another rate scales the times.
    let faster = try Workload(trace, rate: 8, size: .requests(120), seed: 9)
    #expect(faster.arrivals.map(\.lengths) == one.arrivals.map(\.lengths))
    for (a, b) in zip(faster.arrivals, one.arrivals) { #expect(abs(a.time * 4 - b.time) < 1e-9 * b.time) }
  }

  /// Every request of the trace comes once before one comes again.
  @Test func aShortTraceIsRepeated() throws {
    let lengths = try Workload(trace, rate: 1, size: .requests(150), seed: 0).arrivals.map(\.lengths.promptTokens)
    for round in 0..<3 { #expect(lengths[round * 50..<(round + 1) * 50].sorted() == Array(1...50)) }
    #expect(Array(lengths[..<50]) != Array(1...50), "they are shuffled")
  }

  @Test(arguments: [0, -1, .nan, .infinity])
  func aRateIsAboveZero(rate: Double) {
    let error = #expect(throws: SchedulingError.self) { try Workload(trace, rate: rate, size: .requests(1), seed: 0) }
    #expect(error?.description == "request-rate is \(rate), expected a number above 0")
  }

  @Test func aSizeIsAboveZero() {
    #expect(throws: SchedulingError("num-requests is 0, expected 1 or more")) {
      try Workload(trace, rate: 1, size: .requests(0), seed: 0)
    }
    #expect(throws: SchedulingError.self) { try Workload(trace, rate: 1, size: .seconds(0), seed: 0) }
    #expect(throws: SchedulingError.self) { try Workload(trace, rate: 1, size: .seconds(.infinity), seed: 0) }
  }

  /// A million requests at most, within a thousand million seconds, and at least one.
  @Test(arguments: [
    (1, Workload.Size.requests(1_000_001), "num-requests is 1000001"),
    (1e-300, .requests(2), "request-rate is 1e-300: 2 requests"),
    (2, .seconds(500_001), "request-rate is 2.0: 1000002.0 requests would come in 500001.0 s"),
    (1e-9, .seconds(2e9), "duration is 2000000000.0"), (1e-6, .seconds(1), "no request comes"),
  ])
  func aSizeCanBeHeld(rate: Double, size: Workload.Size, problem: String) {
    let error = #expect(throws: SchedulingError.self) { try Workload(trace, rate: rate, size: size, seed: 0) }
    #expect(error?.description.hasPrefix(problem) == true, "\(error?.description ?? "")")
  }
}
