import Scheduling
import Testing

struct ChunkedTests {
  @Test func aPromptPassesAllLayersChunkByChunk() throws {
    var simulation = Simulation(policy: Chunked(chunkSize: 100), layers: 5, blocks: 100)
    try simulation.add(prompt: 250, maxTokens: 3)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.map(\.layers) == [0..<5, 0..<5, 0..<5])
    #expect(simulation.tiles.map(\.slices.first?.tokens) == [0..<100, 100..<200, 200..<250])
  }

  /// A chunk is filled with as many prompts as go in; the last one is cut.
  @Test func promptsShareAChunk() throws {
    var simulation = Simulation(policy: Chunked(chunkSize: 64), layers: 2, blocks: 100)
    for prompt in [30, 20, 40, 5] { try simulation.add(prompt: prompt, maxTokens: 1) }
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.map { $0.slices.map(\.tokens) } == [[0..<30, 0..<20, 0..<14], [14..<40, 0..<5]])
  }

  /// As in Sarathi-Serve and vLLM: each running request takes one token of the budget.
  @Test func decodingRequestsCountInTheBudget() throws {
    var simulation = Simulation(policy: Chunked(chunkSize: 16), layers: 2, blocks: 100)
    for _ in 0..<6 { try simulation.add(prompt: 2, maxTokens: 60) }
    simulation.advance()
    #expect(simulation.running.count == 6)
    try simulation.add(prompt: 45, maxTokens: 1)
    simulation.advance(by: 5)
    #expect(simulation.tiles.dropFirst().map(\.tokenCount) == [10, 10, 10, 10, 5])
    #expect(simulation.finished == [RequestID(6)])
    #expect(simulation.lives[RequestID(0)]?.generated == 6, "one token an iteration, whatever the prompt does")
  }

  /// Memory is planned for so many prompt tokens and no more.
  @Test func chunksHaveAtMostTheTokensThatMayPassTogether() {
    let view = PrefillView(
      layerCount: 2, maxBatchedTokens: 40, decode: DecodeLoad(rows: 8, positions: 8),
      prompts: [Prefill(id: RequestID(0), length: 90)])
    #expect(Chunked(chunkSize: 100).nextTiles(view).map(\.tokenCount) == [40])
    #expect(Chunked(chunkSize: 30).nextTiles(view).map(\.tokenCount) == [22])
  }
}
