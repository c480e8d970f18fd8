import Scheduling
import Testing

/// Requests that begin with the same tokens share KV blocks.
struct PrefixCachingTests {
  private func simulation(_ policy: any Policy = Layered(groups: 2), blocks: Int = 40) -> Simulation {
    Simulation(policy: policy, layers: 4, blocks: blocks, blockSize: 4, sharesPrefixes: true)
  }

  @Test func aSecondPromptComputesOnlyWhatIsNew() throws {
    var simulation = simulation()
    let text: [Int32] = Array(0..<30)
    try simulation.add(prompt: 20, maxTokens: 2, tokens: Array(text[..<20]))
    simulation.run()
    try simulation.add(prompt: 30, maxTokens: 2, tokens: text)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.last?.slices.first?.tokens == 20..<30)
    #expect(simulation.scheduler.statistics.sharedTokens == 20)
    #expect(simulation.scheduler.statistics.promptTokens == 50)
  }

  /// The logits of the last token are wanted, so it is computed even if every block is there.
  @Test func theLastTokenIsAlwaysComputed() throws {
    var simulation = simulation()
    let text: [Int32] = Array(0..<20)
    try simulation.add(prompt: 20, maxTokens: 2, tokens: text)
    simulation.run()
    try simulation.add(prompt: 20, maxTokens: 2, tokens: text)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.last?.slices.first?.tokens == 16..<20)
  }

  /// A block is shared when its tokens have passed the last layer, not before.
  @Test func aPromptInTheMiddleOfTheLayersSharesNothing() throws {
    var simulation = simulation()
    let text: [Int32] = Array(0..<16)
    try simulation.add(prompt: 16, maxTokens: 8, tokens: text)
    try simulation.add(prompt: 16, maxTokens: 8, tokens: text)
    simulation.advance(by: 2)
    #expect(simulation.shared == 0, "both came in the same tile")
    try simulation.add(prompt: 16, maxTokens: 8, tokens: text)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.shared == 12, "the first one runs, and its blocks are shared all the same")
  }

  /// A chat's next turn begins with the prompt and the answer before.
  @Test func generatedTokensAreSharedToo() throws {
    var simulation = simulation()
    try simulation.add(prompt: 6, maxTokens: 9)
    simulation.run()
    let turn = try #require(simulation.lives[RequestID(0)]).tokens + [1, 2, 3]
    try simulation.add(prompt: turn.count, maxTokens: 1, tokens: turn)
    simulation.run()
    simulation.checkEnd()
    // 15 tokens, of which the last one's keys and values were never computed: three full blocks.
    #expect(simulation.shared == 12)
  }

  @Test func whatIsNotFullIsNotShared() throws {
    var simulation = simulation(Chunked(chunkSize: 5))
    try simulation.add(prompt: 7, maxTokens: 1, tokens: Array(0..<7))
    simulation.run()
    try simulation.add(prompt: 9, maxTokens: 1, tokens: Array(0..<9))
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.shared == 4)
  }
}
