import Scheduling
import Testing

struct ServingReportTests {
  /// Three requests, worked by hand: limits 1 s to the first token and 0.2 s between tokens.
  private let requests = [
    // TTFT 0.5; gaps 0.1, 0.1.
    RequestTimes(arrival: 1, promptTokens: 10, tokens: [1.5, 1.6, 1.7]),
    // TTFT 0.5; gaps 0.1, 0.25: one is late, the mean of 0.175 is not.
    RequestTimes(arrival: 2, promptTokens: 20, tokens: [2.5, 2.6, 2.85]),
    // TTFT 2, too late; a single token.
    RequestTimes(arrival: 3, promptTokens: 30, tokens: [5]),
  ]
  private let level = ServiceLevel(timeToFirstToken: 1, timeBetweenTokens: 0.2)

  private func report(_ requests: [RequestTimes]) -> ServingReport {
    var totals = IterationTotals()
    totals.iterations = 4
    totals.decodeRows = 6
    totals.inSystemAtArrivals = [0, 1, 2]
    totals.ledger.outside.add(5, .expert, isPrefill: false)
    totals.ledger.outside.add(7, .expert, isPrefill: true)
    totals.energy = 134
    totals.preemptions = 1
    return ServingReport(
      policy: "chunked", requestRate: 2, requests: requests, totals: totals, serviceLevel: level)
  }

  @Test func timesAndThroughput() {
    let found = report(requests)
    #expect(found.completed == 3)
    #expect(found.duration == 4)
    #expect(found.totalInputTokens == 60 && found.totalOutputTokens == 7)
    #expect(found.requestThroughput == 0.75)
    #expect(found.outputThroughput == 1.75)
    #expect(found.totalTokenThroughput == 16.75)
    #expect(abs(found.ttft.mean - 1) < 1e-12)
    #expect(found.itl.count == 4)
    #expect(abs(found.itl.mean - 0.1375) < 1e-12)
    #expect(found.tpot.count == 2)
    #expect(abs(found.tpot.mean - 0.1375) < 1e-12)
    #expect(abs(found.e2el.mean - (0.7 + 0.85 + 2) / 3) < 1e-12)
  }

  /// The paper counts every gap, vLLM the mean.
  @Test func limits() {
    let found = report(requests)
    #expect(found.attainment == 1.0 / 3)
    #expect(found.attainmentTTFT == 2.0 / 3)
    #expect(found.attainmentTBT == 2.0 / 3)
    #expect(found.goodput == 0.25)
    #expect(found.goodputMeanTPOT == 0.5)
  }

  @Test func totals() {
    let found = report(requests)
    #expect(found.meanDecodeBatch == 1.5)
    #expect(found.meanInSystemAtArrivals == 1)
    #expect(found.expertBytesDecode == 5 && found.expertBytesPrefill == 7)
    #expect(found.energyPerToken == 2)
    #expect(found.preemptions == 1)
  }

  /// Who got no token has missed the limits, and is in no distribution.
  @Test func aRequestWithoutATokenFails() {
    let found = report(requests + [RequestTimes(arrival: 3, promptTokens: 5)])
    #expect(found.completed == 3)
    #expect(found.attainment == 0.25)
    #expect(found.attainmentTBT == 0.5)
    #expect(found.ttft.count == 3)
  }

  @Test func withoutRequests() {
    let found = ServingReport(
      policy: "layered", requestRate: nil, requests: [], totals: IterationTotals(), serviceLevel: level)
    #expect(found.completed == 0 && found.duration == 0 && found.requestThroughput == 0)
    #expect(found.attainment == nil && found.goodput == nil && found.energyPerToken == nil)
  }
}
