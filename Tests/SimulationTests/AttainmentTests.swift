import Scheduling
import Simulation
import Testing

struct AttainmentTests {
  /// The paper's own curves give the rates that are quoted from it.
  @Test(arguments: [
    ([1.3, 1.4, 1.5, 1.6], [1, 0.97, 0.44, 0.14], 1.413), ([2.1, 2.3], [1, 0.62], 2.153),
    ([2.7, 2.9, 3.1], [1, 0.78, 0.18], 2.791),
  ])
  func theRateLiesBetweenNeighbours(rates: [Double], attainment: [Double], expected: Double) throws {
    let points = zip(rates, attainment).map { (rate: $0, attainment: $1) }
    #expect(abs(try #require(Attainment.rate(points.reversed())) - expected) < 1e-3)
  }

  @Test func withoutACrossingThereIsNoRate() {
    #expect(Attainment.rate([]) == nil)
    #expect(Attainment.rate([(1, 0.99), (2, 0.95)]) == nil)
    #expect(Attainment.rate([(1, 0.5), (2, 0.2)]) == nil)
  }

  /// A fit finds the overhead with which a load was served to just the target.
  @Test func theFittedOverheadMeetsTheTarget() async throws {
    let study = try Setup.study(Setup.qwen)
    let workload = try Workload(Setup.trace("sharegpt_8k"), rate: 4.6, size: .seconds(60), seed: 1)
    let job = Study.Job(
      PolicyOptions(.chunked), rate: 4.6, workload: workload,
      serviceLevel: ServiceLevel(timeToFirstToken: 2, timeBetweenTokens: 0.125))
    let seconds = try await study.fittedSequenceOverhead([job], steps: 8)
    // Eight halvings of 1 ms leave this much to both sides.
    let rest = 1e-3 / 512
    let lower = try study.with(sequenceOverhead: seconds - rest).run(job).report.attainment ?? 0
    let upper = try study.with(sequenceOverhead: seconds + rest).run(job).report.attainment ?? 1
    #expect(lower >= 0.9 && upper < 0.9)
    var strict = job
    strict.serviceLevel = ServiceLevel(timeToFirstToken: 1e-3, timeBetweenTokens: 1e-3)
    await #expect(throws: SimulationError.self) { try await study.fittedSequenceOverhead([strict], steps: 1) }
  }
}
