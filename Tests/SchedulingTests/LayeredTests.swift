import Scheduling
import Testing

struct LayeredTests {
  /// The paper's rule (arXiv 2510.08055, section 4.4): G = max(1, ⌈T / 512⌉).
  @Test(arguments: [(1, 1), (511, 1), (512, 1), (513, 2), (1024, 2), (1025, 3), (4096, 8), (4097, 9)])
  func groupsFollowThePapersRule(tokens: Int, groups: Int) throws {
    #expect(Layered().groupCount(tokens: tokens) == groups)
    var simulation = Simulation(policy: Layered(), layers: 12, blocks: 300)
    try simulation.add(prompt: tokens, maxTokens: 1)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.count == groups)
    #expect(simulation.iterations == groups)
  }

  /// The steps of the authors' engine, for 12 stages (GPT-OSS-20B), 16 (Qwen3-30B-A3B), 4 and 24.
  @Test(arguments: [
    (12, [1, 1, 2, 4, 6, 12]), (16, [1, 1, 2, 4, 8, 16]), (4, [1, 1, 2, 4, 4, 4]), (24, [1, 1, 2, 4, 8, 24]),
  ])
  func groupsFollowTheAuthorsTable(stages: Int, groups: [Int]) {
    let layered = Layered(rule: .table(stages: stages))
    #expect([1, 512, 513, 2048, 4096, 4097].map { layered.groupCount(tokens: $0) } == groups)
  }

  @Test func thereAreNeverMoreGroupsThanLayers() throws {
    var simulation = Simulation(policy: Layered(), layers: 4, blocks: 600)
    try simulation.add(prompt: 8192, maxTokens: 1)
    simulation.run()
    #expect(simulation.tiles.map(\.layers) == [0..<1, 1..<2, 2..<3, 3..<4])
  }

  /// The rule counts the tokens of all prompts that are admitted together.
  @Test func promptsThatComeTogetherAreOneRectangle() throws {
    var simulation = Simulation(policy: Layered(), layers: 8, blocks: 200)
    for _ in 0..<3 { try simulation.add(prompt: 400, maxTokens: 2) }
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.map(\.layers) == [0..<3, 3..<6, 6..<8])
    #expect(simulation.tiles.allSatisfy { $0.tokenCount == 1200 && $0.slices.count == 3 })
  }

  @Test(arguments: 1...9)
  func theNumberOfGroupsCanBeSet(groups: Int) throws {
    var simulation = Simulation(policy: Layered(groups: groups), layers: 7, blocks: 100)
    try simulation.add(prompt: 5, maxTokens: 3)
    try simulation.add(prompt: 900, maxTokens: 3)
    simulation.run()
    simulation.checkEnd()
    let sizes = simulation.tiles.map(\.layers.count)
    #expect(sizes.count == min(groups, 7))
    #expect(sizes.reduce(0, +) == 7)
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "groups are as even as possible")
  }

  /// A prompt above the limit goes in chunks of the limit, each of them layered.
  @Test func longPromptsAreCutInChunks() throws {
    var simulation = Simulation(policy: Layered(), layers: 6, blocks: 200, maxBatchedTokens: 1024)
    try simulation.add(prompt: 2500, maxTokens: 4)
    simulation.run()
    simulation.checkEnd()
    let expected: [(Range<Int>, Range<Int>)] = [
      (0..<1024, 0..<3), (0..<1024, 3..<6), (1024..<2048, 0..<3), (1024..<2048, 3..<6), (2048..<2500, 0..<6),
    ]
    #expect(simulation.tiles.map(\.slices.first?.tokens) == expected.map(\.0))
    #expect(simulation.tiles.map(\.layers) == expected.map(\.1))
  }

  /// While a prompt passes, the running requests get a token in every iteration.
  @Test func decodingNeverStalls() throws {
    var simulation = Simulation(policy: Layered(groups: 4), layers: 8, blocks: 400)
    try simulation.add(prompt: 10, maxTokens: 40)
    while simulation.running.isEmpty, simulation.step() {}
    let before = simulation.lives[RequestID(0)]?.generated ?? 0
    try simulation.add(prompt: 3000, maxTokens: 1)
    while simulation.finished.isEmpty, simulation.step() {}
    let after = simulation.lives[RequestID(0)]?.generated ?? 0
    #expect(simulation.finished == [RequestID(1)])
    #expect(after - before == 4, "one token an iteration of the four groups")
  }

  /// A prompt that comes while another is under way waits for it, then both are in the books.
  @Test func aLaterPromptWaitsForTheRectangleUnderWay() throws {
    var simulation = Simulation(policy: Layered(groups: 3), layers: 6, blocks: 100)
    try simulation.add(prompt: 20, maxTokens: 2)
    simulation.advance()
    try simulation.add(prompt: 30, maxTokens: 2)
    simulation.advance(by: 2)
    #expect(simulation.scheduler.waitingCount == 1, "it takes no blocks before")
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.tiles.map { $0.slices.map(\.request.value) } == [[0], [0], [0], [1], [1], [1]])
  }
}
