import Backend
import Testing

@testable import OpenCLBackend

struct ExpertScoresTests {
  /// The average of a use in every n-th visit tends to 1 / n.
  @Test func aScoreIsTheShareOfVisits() {
    var scores = ExpertScores(layerCount: 1, expertsPerLayer: 3, slotCount: 1)
    for visit in 0..<2000 { scores.observe(layer: 0, used: visit % 4 == 0 ? [0, 1] : [1]) }
    #expect(abs(scores.score(0, .frequency) - 0.25) < 0.02)
    #expect(abs(scores.score(1, .frequency) - 1) < 1e-6)
    #expect(scores.score(2, .frequency) == 0)
  }

  /// Two hot experts among rare ones that come twice in a row: remembering long keeps the hot ones.
  @Test func hotExpertsArePredictedByFrequency() {
    var scores = ExpertScores(layerCount: 1, expertsPerLayer: 64, slotCount: 2)
    for visit in 0..<1000 {
      let rare = 2 + (visit / 2 * 7) % 62
      scores.observe(layer: 0, used: visit % 3 == 0 ? [0, 1] : [rare, (rare + 31) % 62 + 2])
    }
    #expect(scores.better == .frequency)
  }

  /// Every hundred visits other experts: remembering shortly follows sooner.
  @Test func changingExpertsArePredictedByRecency() {
    var scores = ExpertScores(layerCount: 1, expertsPerLayer: 64, slotCount: 3)
    for visit in 0..<3000 {
      let first = visit / 40 * 3 % 60
      scores.observe(layer: 0, used: [first + visit % 3, first + (visit + 1) % 3])
    }
    #expect(scores.better == .recency)
  }

  @Test func aRecordedPopularityCountsFromTheStart() {
    var scores = ExpertScores(layerCount: 2, expertsPerLayer: 3, slotCount: 1)
    scores.seed(layer: 1, [0.1, 0.7, 0.2])
    #expect((3..<6).map { scores.score($0, .auto) } == [0.1, 0.7, 0.2])
    #expect(scores.score(0, .auto) == 0)
  }
}
