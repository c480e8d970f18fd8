package import Foundation
package import Scheduling

/// Iterations as a Chrome trace, for ui.perfetto.dev or chrome://tracing.
///
/// A process for each run. Its first row has the iterations, whose arguments say who decodes and which tiles there are;
/// below, a row for each band of layers shows whose tile passes it.
package enum Timeline {
  package struct Iteration: Sendable {
    /// Seconds on the run's clock.
    package var began: Double
    package var seconds: Double
    package var plan: IterationPlan

    package init(began: Double, seconds: Double, plan: IterationPlan) {
      self.began = began
      self.seconds = seconds
      self.plan = plan
    }
  }

  /// One event of the format; `ts` and `dur` are in microseconds.
  private struct Event: Encodable {
    var name: String
    var ph: String
    var pid: Int
    var tid: Int
    var ts: Double?
    var dur: Double?
    var args: Arguments?
  }

  private struct Arguments: Encodable {
    var name: String?
    var decode: Int?
    var tiles: [Tile]?
  }

  private struct Tile: Encodable {
    /// First layer, and the one behind the last.
    var layers: [Int]
    var prompts: [Int]
    var tokens: Int
  }

  private struct File: Encodable {
    var traceEvents: [Event]
    var displayTimeUnit = "ms"
  }

  private static let mostBands = 12

  /// - Parameter runs: what each process is called, and its iterations.
  package static func chromeTrace(_ runs: [(name: String, iterations: [Iteration])], layerCount: Int) throws -> Data {
    let bands = layerGroups(count: layerCount, groups: mostBands)
    var events: [Event] = []
    for (pid, run) in runs.enumerated() {
      func name(_ kind: String, _ tid: Int, _ text: String) {
        events.append(Event(name: kind, ph: "M", pid: pid, tid: tid, args: Arguments(name: text)))
      }
      name("process_name", 0, run.name)
      name("thread_name", 0, "iterations")
      for (index, band) in bands.enumerated() {
        name("thread_name", index + 1, "layers \(band.lowerBound) to \(band.upperBound - 1)")
      }
      for iteration in run.iterations { add(iteration, pid: pid, bands, to: &events) }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(File(traceEvents: events))
  }

  private static func add(_ iteration: Iteration, pid: Int, _ bands: [Range<Int>], to events: inout [Event]) {
    let (begin, length) = (iteration.began * 1e6, iteration.seconds * 1e6)
    let plan = iteration.plan
    let tiles = plan.prefill.map { tile in
      Tile(
        layers: [tile.layers.lowerBound, tile.layers.upperBound], prompts: tile.slices.map(\.request.value),
        tokens: tile.tokenCount)
    }
    let prompts = plan.prefillTokens > 0 ? ", prompts' tokens \(plan.prefillTokens)" : ""
    events.append(
      Event(
        name: "decode \(plan.decode.count)\(prompts)", ph: "X", pid: pid, tid: 0, ts: begin, dur: length,
        args: Arguments(decode: plan.decode.count, tiles: tiles)))
    for tile in plan.prefill {
      let names = tile.slices.prefix(4).map { "\($0.request.value)" } + (tile.slices.count > 4 ? ["…"] : [])
      for (index, band) in bands.enumerated() where band.overlaps(tile.layers) {
        events.append(
          Event(
            name: "prompt \(names.joined(separator: ", "))", ph: "X", pid: pid, tid: index + 1, ts: begin, dur: length))
      }
    }
  }
}
