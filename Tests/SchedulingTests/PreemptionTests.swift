import Scheduling
import Testing

/// What happens when KV blocks run out.
struct PreemptionTests {
  /// Two requests of 2 blocks each at first, 4 at last, in a cache of 5: the later one gives way, and both end.
  @Test(arguments: [false, true])
  func theNewestRequestGivesWay(sharesPrefixes: Bool) throws {
    var simulation = Simulation(
      policy: Continuous(), layers: 2, blocks: 5, blockSize: 4, sharesPrefixes: sharesPrefixes)
    try simulation.add(prompt: 6, maxTokens: 11)
    try simulation.add(prompt: 6, maxTokens: 11)
    simulation.advance(by: 11)
    #expect(simulation.finished == [RequestID(0)], "the first one never stops: a token in each iteration")
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.preemptions >= 1)
    #expect(simulation.finished == [RequestID(0), RequestID(1)])
    #expect(simulation.scheduler.statistics.preemptions == simulation.preemptions)
  }

  /// What a preempted request had generated passes the model again as a part of its prompt.
  @Test func nothingGeneratedIsLost() throws {
    var simulation = Simulation(policy: Continuous(), layers: 1, blocks: 4, blockSize: 4)
    try simulation.add(prompt: 4, maxTokens: 12)
    try simulation.add(prompt: 4, maxTokens: 12)
    while simulation.preemptions == 0, simulation.step() {}
    let generated = simulation.lives[RequestID(1)]?.generated ?? 0
    #expect(generated > 0)
    simulation.run()
    simulation.checkEnd()
    let again = simulation.tiles.last { $0.slices.first?.request == RequestID(1) }
    #expect((again?.tokenCount ?? 0) >= 4 + generated)
    #expect(simulation.lives[RequestID(1)]?.generated == 12)
  }

  /// A prompt in the middle of the layers that came last gives way to those that run.
  @Test func aPromptUnderWayCanGiveWay() throws {
    var simulation = Simulation(policy: Layered(groups: 6), layers: 6, blocks: 6, blockSize: 4)
    try simulation.add(prompt: 7, maxTokens: 17)
    simulation.advance(by: 6)
    try simulation.add(prompt: 12, maxTokens: 2)
    while simulation.preemptions == 0, simulation.step() {}
    // In the twelfth iteration the first one has 13 tokens, and no block is left for the last of them; the other one has
    // passed five of its six groups.
    #expect(simulation.iterations == 12 && simulation.lives[RequestID(1)]?.generated == 0)
    #expect(
      simulation.tiles.filter { $0.slices[0].request == RequestID(1) }.map(\.layers) == (0..<5).map { $0..<$0 + 1 })
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.preemptions >= 1)
    #expect(simulation.finished == [RequestID(0), RequestID(1)])
  }

  /// A request alone can use the whole cache, also the contents that nobody owns any more.
  @Test func idleContentsMakeRoom() throws {
    var simulation = Simulation(policy: Layered(), layers: 2, blocks: 4, blockSize: 4, sharesPrefixes: true)
    for _ in 0..<5 { try simulation.add(prompt: 10, maxTokens: 7) }
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.preemptions == 0, "one at a time fits")
  }

  /// Blocks of 4, a cache of 7. Two requests run with 2 and 4 of them, and an urgent one waits for 3. In the third
  /// iteration the first one takes the block that is left, and in the fifth the second one finds none and gives its 4 up:
  /// 3 and a reserve of 1 are free, but a plan that takes blocks away gives them to nobody. The next one does.
  @Test func aPlanThatPreemptsAdmitsNobody() throws {
    var simulation = Simulation(policy: Continuous(), layers: 1, blocks: 7, blockSize: 4)
    try simulation.add(prompt: 7, maxTokens: 20)
    try simulation.add(prompt: 13, maxTokens: 10)
    simulation.advance()
    try simulation.add(prompt: 9, maxTokens: 1, priority: -1)
    simulation.advance(by: 4)
    #expect(simulation.preemptions == 1)
    #expect(simulation.admittedLast.isEmpty)
    #expect(Set(simulation.scheduler.blocks.keys) == [RequestID(0)])
    simulation.advance()
    #expect(simulation.admittedLast == [RequestID(2)])
    simulation.run()
    simulation.checkEnd()
  }

  /// Blocks of 4; `running` requests have 2 each and need a third, which is free for each of them, before they end. A
  /// prompt of 3 blocks waits unless there are these 3 besides: so nobody gives way.
  @Test(arguments: 1...4, [0, 1, 2])
  func everyRunningRequestHasABlockInReserve(running: Int, missing: Int) throws {
    guard missing <= running else { return }
    var simulation = Simulation(policy: Continuous(), layers: 1, blocks: 3 * running + 3 - missing, blockSize: 4)
    for _ in 0..<running { try simulation.add(prompt: 6, maxTokens: 6) }
    simulation.advance()
    try simulation.add(prompt: 10, maxTokens: 2)
    simulation.advance()
    let newest = RequestID(running)
    #expect(simulation.admittedLast == (missing == 0 ? [newest] : []))
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.preemptions == 0)
    #expect(simulation.finished.last == (missing == 0 ? RequestID(running - 1) : newest))
  }
}
