import Engine
import JSON
import Scheduling
import Testing

@testable import Server

struct LiveHubTests {
  @Test
  func `Pages are told of tiles, and one that does not read misses the oldest`() async throws {
    let hub = LiveHub()
    let events = try hub.watch()
    let slow = try hub.watch()
    hub.add(.submitted(RequestID(7), promptTokens: 30, maxTokens: 2, time: 1, waiting: 1))
    let plan = IterationPlan(
      decode: [], prefill: [PrefillTile(slices: [.init(request: RequestID(7), tokens: 0..<30)], layers: 2..<4)])
    for index in 0..<3000 {
      hub.add(
        .iteration(
          EngineIteration(
            began: Double(index), seconds: 0.5, plan: plan, outcome: IterationOutcome(), reasons: [:],
            load: EngineLoad(),
            statistics: SchedulerStatistics(), policy: "layered")))
    }
    hub.stop()
    var texts: [String] = []
    for await text in slow { texts.append(text) }
    #expect(texts.count == 1024)
    let last = try JSONParser.parse(Array(try #require(texts.last).utf8))
    #expect(last["t"].number == 2999)
    #expect(last["tiles"][0]["l"] == [2, 4])
    #expect(last["tiles"][0]["r"] == [[7, 0, 30]])
    for await _ in events {}
  }
}
