import Foundation
import Scheduling
import Simulation
import Testing

struct TimelineTests {
  private struct File: Decodable { var traceEvents: [Event] }
  private struct Event: Decodable {
    struct Arguments: Decodable {
      var name: String?
      var decode: Int?
      var tiles: [Tile]?
    }
    struct Tile: Decodable {
      var layers: [Int]
      var prompts: [Int]
      var tokens: Int
    }
    var name: String
    var ph: String
    var pid: Int
    var tid: Int
    var ts: Double?
    var dur: Double?
    var args: Arguments?
  }

  @Test func everyIterationAndTileIsThere() throws {
    let slices = [PrefillTile.Slice(request: RequestID(3), tokens: 0..<100)]
    let plan = IterationPlan(decode: [RequestID(1)], prefill: [PrefillTile(slices: slices, layers: 2..<6)])
    let data = try Timeline.chromeTrace(
      [
        (
          "one",
          [.init(began: 0.5, seconds: 0.25, plan: plan), .init(began: 0.75, seconds: 0.1, plan: .init(decode: []))]
        ), ("two", []),
      ],
      layerCount: 24)
    let events = try JSONDecoder().decode(File.self, from: data).traceEvents
    #expect(events.filter { $0.name == "process_name" }.compactMap(\.args?.name) == ["one", "two"])
    #expect(events.filter { $0.name == "thread_name" && $0.pid == 0 }.count == 13, "12 bands of layers, and iterations")
    let iterations = events.filter { $0.ph == "X" && $0.tid == 0 }
    #expect(iterations.map(\.ts) == [500_000, 750_000])
    #expect(iterations.map(\.dur) == [250_000, 100_000])
    let tile = try #require(iterations.first?.args?.tiles?.first)
    #expect(tile.layers == [2, 6] && tile.prompts == [3] && tile.tokens == 100)
    #expect(iterations.first?.args?.decode == 1)
    // Layers 2 to 5 are the bands 1 and 2 of two layers each.
    #expect(events.filter { $0.ph == "X" && $0.tid > 0 }.map(\.tid) == [2, 3])
  }
}
