import Scheduling
import Testing

struct ContinuousTests {
  @Test func wholePromptsPassAllLayersAtOnce() throws {
    var simulation = Simulation(policy: Continuous(), layers: 5, blocks: 400)
    try simulation.add(prompt: 2000, maxTokens: 3)
    try simulation.add(prompt: 7, maxTokens: 3)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.map(\.layers) == [0..<5])
    #expect(simulation.tiles.first?.slices.map(\.tokens) == [0..<2000, 0..<7])
  }

  /// Nothing is cut: a prompt above the limit goes alone and whole, others wait until they fit.
  @Test func theLimitOnlySaysWhoGoesTogether() throws {
    var simulation = Simulation(policy: Continuous(), layers: 2, blocks: 400, maxBatchedTokens: 100)
    for prompt in [60, 40, 30, 500, 20] { try simulation.add(prompt: prompt, maxTokens: 1) }
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.map { $0.slices.map(\.tokens.count) } == [[60, 40], [30], [500], [20]])
  }
}
