import Scheduling
import Simulation
import Testing

struct CrossoverTests {
  private func latency(_ policy: String, _ ttft: Double, _ e2e: Double, _ tbt: Double) -> Crossover.Latency {
    Crossover.Latency(policy: policy, meanTTFT: ttft, meanE2E: e2e, p99TBT: tbt)
  }

  private func point(_ length: Int, layered: Double, chunks: [(Double, Double)]) -> Crossover.Point {
    Crossover.Point(
      promptTokens: length, load: 0.5, rate: 1, layered: latency("layered", layered, 10, 0.04),
      chunks: chunks.map { latency("chunked", $0.0, 11, $0.1) })
  }

  @Test func rivalsAreChosenByTheirTimeBetweenTokens() throws {
    let point = point(512, layered: 1, chunks: [(2, 0.04), (0.5, 0.09), (0.4, 0.2)])
    #expect(point.best(\.meanTTFT, among: .sameTBT)?.meanTTFT == 2)
    #expect(point.best(\.meanTTFT, among: .within(0.1))?.meanTTFT == 0.5)
    #expect(point.best(\.meanTTFT, among: .any)?.meanTTFT == 0.4)
    #expect(point.best(\.meanTTFT, among: .within(0.01)) == nil)
    #expect(point.gain(\.meanTTFT, among: .sameTBT) == 0.5)
    #expect(abs(try #require(point.gain(\.meanTTFT, among: .any)) + 1.5) < 1e-12)
  }

  @Test func theFirstLengthIsTheOneFromWhichItStaysBetter() {
    func crossover(_ layered: [Double]) -> Crossover {
      Crossover(
        points: zip([256, 512, 1024, 2048], layered).map { point($0, layered: $1, chunks: [(1, 0.04)]) })
    }
    func first(_ layered: [Double]) -> Int? {
      crossover(layered).firstLength(\.meanTTFT, among: .sameTBT, load: 0.5)
    }
    #expect(first([1, 1, 0.9, 0.5]) == 1024)
    #expect(first([0.5, 1, 0.9, 0.5]) == 1024)
    #expect(first([0.5, 0.5, 0.5, 0.5]) == 256)
    #expect(first([0.5, 0.5, 0.5, 1]) == nil)
    #expect(crossover([1]).firstLength(\.meanTTFT, among: .any, load: 0.7) == nil)
  }

  /// Layered gains nothing with prompts of a single chunk, and much with long ones under load.
  @Test func longPromptsUnderLoadGain() async throws {
    let found = try await Setup.study(Setup.qwen).crossover(seed: 1, lengths: [256, 8192], loads: [0.9])
    #expect(found.points.map(\.promptTokens) == [256, 8192])
    #expect(found.points.allSatisfy { $0.chunks.count == Crossover.chunkSizes.count })
    let chunks512 = try #require(found.points.last?.chunks.first)
    let layered = try #require(found.points.last?.layered)
    #expect(layered.meanTTFT < 0.6 * chunks512.meanTTFT)
    #expect(abs(found.points[0].gain(\.meanE2E, among: .any) ?? 1) < 0.05)
  }

  /// 200 tokens come behind the prompt, the last of which needs no position.
  @Test func lengthsBeyondTheContextAreLeftOut() async throws {
    var study = try Setup.study(Setup.qwen)
    study.maxPositions = 455
    let found = try await study.crossover(seed: 1, lengths: [256, 512], loads: [0.5])
    #expect(found.points.map(\.promptTokens) == [256])
    study.maxPositions = 454
    let short = study
    await #expect(throws: SimulationError.self) { _ = try await short.crossover(seed: 1) }
  }
}
