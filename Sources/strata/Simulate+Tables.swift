import Engine
import Profiling
import Scheduling
import Simulation

// What `strata simulate` prints for a person, when a report by itself is not it.
extension Simulate {
  /// A line a run; times in milliseconds.
  func table(of runs: [Study.Run]) -> [String] {
    let head = [
      "policy", "rate", "attained", "TTFT mean", "P99", "TBT P99", "E2E mean", "in system", "expert GB", "mJ/token",
    ]
    return aligned(
      [head]
        + runs.map(\.report).map { report in
          [
            report.policy, fixed(report.requestRate ?? 0, 2),
            report.attainment.map { fixed($0 * 100, 1) + " %" } ?? "-", fixed(report.ttft.mean * 1000, 0),
            fixed(report.ttft.p99 * 1000, 0), fixed(report.itl.p99 * 1000, 1), fixed(report.e2el.mean * 1000, 0),
            fixed(report.meanInSystemAtArrivals, 1),
            fixed((report.expertBytesPrefill + report.expertBytesDecode) / 1e9, 0),
            fixed((report.energyPerToken ?? 0) * 1000, 1),
          ]
        })
  }

  func table(of prompts: [PromptStudy]) -> [String] {
    let head = ["policy", "tokens", "iterations", "ms", "of which experts", "expert GB", "J"]
    return aligned(
      [head]
        + prompts.map { prompt in
          [
            prompt.policy, "\(prompt.promptTokens)", "\(prompt.iterations)", fixed(prompt.seconds * 1000, 1),
            fixed(prompt.expertSeconds * 1000, 1), fixed(prompt.expertBytes / 1e9, 1), fixed(prompt.energy, 1),
          ]
        })
  }

  /// - Parameter limit: seconds between tokens that a chunk size may take, or nil for about as many as `layered`.
  func lines(of crossover: Crossover, limit: Double?) -> [String] {
    func percent(_ gain: Double?) -> String { gain.map { fixed($0 * 100, 0) + " %" } ?? "-" }
    let kept = limit.map { Crossover.Rivals.within($0) } ?? .sameTBT
    let keptName =
      limit.map { "a P99 TBT of at most \(fixed($0 * 1000, 0)) ms" }
      ?? "a P99 TBT at most \(fixed((Crossover.sameTBT - 1) * 100, 0)) % above that of layered"
    let head = [
      "prompt", "load", "rate", "TTFT", "P99 TBT", "TTFT saved", "E2E saved", "chunk", "TTFT saved", "E2E saved",
      "chunk",
    ]
    let rows = crossover.points.map { point in
      [
        "\(point.promptTokens)", fixed(point.load * 100, 0) + " %", fixed(point.rate, 3),
        fixed(point.layered.meanTTFT * 1000, 0), fixed(point.layered.p99TBT * 1000, 1),
      ]
        + [kept, .any].flatMap { rivals in
          [
            percent(point.gain(\.meanTTFT, among: rivals)), percent(point.gain(\.meanE2E, among: rivals)),
            point.best(\.meanTTFT, among: rivals)?.policy.split(separator: " ").last.map(String.init) ?? "none",
          ]
        }
    }
    var lines = [
      "layered against the best chunk size, first among those with \(keptName), then among all",
      "rates in requests/s, times in ms; 100 % load is what chunks of 512 can serve",
    ]
    lines += aligned([head] + rows)
    let kinds: [(String, KeyPath<Crossover.Latency, Double>)] = [("mean TTFT", \.meanTTFT), ("mean E2E", \.meanE2E)]
    for (name, time) in kinds {
      for (rivals, among) in [(kept, "every chunk size with \(keptName)"), (.any, "every chunk size")] {
        let places = Crossover.loads.compactMap { load in
          crossover.firstLength(time, among: rivals, load: load).map {
            "from \($0) tokens at \(fixed(load * 100, 0)) % load"
          }
        }
        lines.append("\(name) beats \(among): \(places.isEmpty ? "never" : places.joined(separator: ", "))")
      }
    }
    return lines
  }

  /// The first column to the left, the others to the right.
  private func aligned(_ rows: [[String]]) -> [String] {
    Table(rows: rows, right: Set(rows.first?.indices.dropFirst() ?? 0..<0)).lines
  }
}
