import Scheduling
import Testing

struct PriorityTests {
  /// One at a time, so that the order of the ends is the order of service.
  private func order(_ requests: [(arrival: Double, priority: Int)]) throws -> [Int] {
    var simulation = Simulation(policy: Layered(), layers: 2, blocks: 100, maxRequests: 1)
    for (arrival, priority) in requests {
      try simulation.add(prompt: 4, maxTokens: 2, arrival: arrival, priority: priority)
    }
    simulation.run()
    simulation.checkEnd()
    return simulation.finished.map(\.value)
  }

  @Test func equalsAreServedAsTheyCome() throws {
    #expect(try order([(0, 0), (0, 0), (0, 0)]) == [0, 1, 2])
    #expect(try order([(3, 0), (1, 0), (2, 0)]) == [1, 2, 0])
  }

  @Test func aLowerNumberComesFirst() throws {
    #expect(try order([(0, 5), (0, 0), (0, -1)]) == [2, 1, 0])
  }

  /// A level is worth ten seconds of waiting, so later requests of a better priority do not pass for ever.
  @Test func nobodyStarves() throws {
    let stream = (0..<30).map { (arrival: Double($0), priority: 0) }
    let found = try order([(0, 1)] + stream)
    #expect(found.firstIndex(of: 0) == 10, "behind those of the first ten seconds, before all others")
  }

  /// Who is last in turn gives way, not who was admitted last.
  @Test func preemptionGoesByTurn() throws {
    var simulation = Simulation(policy: Continuous(), layers: 1, blocks: 5, blockSize: 4)
    try simulation.add(prompt: 6, maxTokens: 11, priority: 3)
    try simulation.add(prompt: 6, maxTokens: 11, priority: 0)
    simulation.advance(by: 11)
    #expect(simulation.finished == [RequestID(1)], "it never stops")
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.preemptions >= 1 && simulation.finished == [RequestID(1), RequestID(0)])
  }
}
