import Scheduling
import Testing

struct SchedulerTests {
  @Test func requestsThatCanNeverRunAreRefused() throws {
    var simulation = Simulation(policy: Layered(), layers: 2, blocks: 4, blockSize: 16, maxPositions: 50)
    func refusal(prompt: Int, maxTokens: Int) -> String {
      var copy = simulation
      do {
        try copy.add(prompt: prompt, maxTokens: maxTokens)
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(refusal(prompt: 0, maxTokens: 1).contains("empty"))
    #expect(refusal(prompt: 1, maxTokens: 0).contains("max tokens is 0, expected at least 1"))
    let long = refusal(prompt: 51, maxTokens: 1)
    #expect(long.contains("51 tokens") && long.contains("context holds 50"), "\(long)")
    let together = refusal(prompt: 40, maxTokens: 12)
    #expect(together.contains("40") && together.contains("12") && together.contains("51") && together.contains("50"))
    // The last token is never fed back, hence needs no position.
    #expect(refusal(prompt: 40, maxTokens: 11) == "accepted")
    #expect(refusal(prompt: 50, maxTokens: 1) == "accepted")
    try simulation.add(prompt: 3, maxTokens: 2)
    simulation.run()
    simulation.checkEnd()
  }

  @Test func aRequestLargerThanTheCacheIsRefused() {
    var simulation = Simulation(policy: Layered(), layers: 2, blocks: 4, blockSize: 16, maxPositions: 1000)
    let error = #expect(throws: SchedulingError.self) { try simulation.add(prompt: 60, maxTokens: 6) }
    #expect(error?.description == "65 positions need 5 KV blocks of 16, but the cache has 4")
    #expect(throws: Never.self) { try simulation.add(prompt: 60, maxTokens: 5) }
  }

  /// What does not fit now waits, and nobody overtakes it.
  @Test func requestsWaitForBlocksInTheirOrder() throws {
    var simulation = Simulation(policy: Layered(), layers: 2, blocks: 4, blockSize: 16)
    try simulation.add(prompt: 33, maxTokens: 4)  // 3 blocks
    try simulation.add(prompt: 20, maxTokens: 4)  // 2 blocks
    try simulation.add(prompt: 2, maxTokens: 2)  // 1 block, which is free all the time
    simulation.advance()
    #expect(simulation.scheduler.waitingCount == 2)
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.finished.first == RequestID(0))
  }

  @Test func noMoreRequestsRunThanAllowed() throws {
    var simulation = Simulation(policy: Layered(), layers: 3, blocks: 100, maxRequests: 2)
    for _ in 0..<5 { try simulation.add(prompt: 4, maxTokens: 3) }
    while simulation.step() { #expect(simulation.scheduler.blocks.count <= 2) }
    simulation.checkEnd()
  }

  @Test func aCancelledRequestGivesItsBlocksBackAtOnce() throws {
    var simulation = Simulation(policy: Layered(groups: 3), layers: 3, blocks: 8, blockSize: 16)
    try simulation.add(prompt: 120, maxTokens: 9)  // all blocks
    try simulation.add(prompt: 120, maxTokens: 9)
    simulation.advance()
    simulation.cancel(RequestID(0))  // in the middle of the layers
    #expect(simulation.scheduler.freeBlockCount == 8)
    simulation.advance(by: 5)
    simulation.cancel(RequestID(1))  // decodes
    #expect(simulation.scheduler.isIdle)
    let goesOn = simulation.step()
    #expect(!goesOn)
    simulation.checkEnd()
  }

  @Test func aWaitingRequestCanBeCancelled() throws {
    var simulation = Simulation(policy: Continuous(), layers: 2, blocks: 2, blockSize: 16)
    try simulation.add(prompt: 20, maxTokens: 4)
    try simulation.add(prompt: 20, maxTokens: 4)
    simulation.advance()
    simulation.cancel(RequestID(1))
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.finished == [RequestID(0)])
  }

  /// A request that cannot go on leaves alone: others keep their blocks and go on.
  @Test func aFailedRequestIsDroppedAlone() throws {
    var scheduler = Scheduler(
      policy: Layered(), layerCount: 2, limits: .init(maxPositions: 100), pool: BlockPool(blockCount: 9, blockSize: 16))
    for id in 0..<2 { try scheduler.add(RequestShape(id: RequestID(id), promptTokens: 20, maxTokens: 5)) }
    let first = scheduler.nextPlan()
    let plan = try #require(first)
    scheduler.complete(plan, IterationOutcome(advanced: [RequestID(1)], failed: [RequestID(0): "a reason"]))
    #expect(!scheduler.contains(RequestID(0)))
    #expect(scheduler.freeBlockCount == 7)
    let next = scheduler.nextPlan()
    #expect(next?.decode == [RequestID(1)])
  }

  @Test func aFailedPlanTakesItsRequestsWithIt() throws {
    var simulation = Simulation(policy: Layered(groups: 2), layers: 4, blocks: 20)
    try simulation.add(prompt: 30, maxTokens: 5)
    var scheduler = simulation.scheduler
    let failed = scheduler.nextPlan()
    let plan = try #require(failed)
    scheduler.abandon(plan)
    #expect(scheduler.isIdle)
    #expect(scheduler.freeBlockCount == 20)
    try scheduler.add(RequestShape(id: RequestID(7), promptTokens: 3, maxTokens: 1))
    let next = scheduler.nextPlan()
    #expect(next?.prefill.map(\.layers) == [0..<2], "a new rectangle begins at layer 0")
  }
}
