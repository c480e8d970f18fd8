import Engine
import OpenCLBackend
import Scheduling
import Simulation

/// Times layers, the LM head and the host's part.
struct LayerMeasurement {
  let bench: LayerBench
  let loads: [LayerLoad]
  let meter: PowerMeter?

  /// What a layer took in one round.
  private struct Round {
    var sections: [String: Double]
    var wall: Double
    var joules: Double?
  }

  /// The medians over the rounds, of each load.
  func layers(rounds: Int, seconds: Double, progress: (Int) -> Void) throws -> [LayerTiming] {
    let passes = try loads.map { try passCount($0, seconds) }
    var found = [[Round]](repeating: [], count: loads.count)
    for round in 1...rounds {
      progress(round)
      for (index, load) in loads.enumerated() { found[index].append(try run(load, passes: passes[index])) }
    }
    return zip(loads, found).map { load, rounds in
      func median(_ section: String) -> Double { Samples(rounds.map { $0.sections[section] ?? 0 }).median }
      return LayerTiming(
        decodeRows: load.decodeRows, decodePositions: load.decodeRows * (load.context + 1),
        promptTokens: load.promptTokens, expertShare: load.expertShare, experts: median("experts"),
        dense: median("dense"), attention: median("attention"), wall: Samples(rounds.map(\.wall)).median,
        joules: meter == nil ? nil : Samples(rounds.map { $0.joules ?? 0 }).median)
    }
  }

  /// Layers that take about so many seconds, after some that build the kernels.
  private func passCount(_ load: LayerLoad, _ seconds: Double) throws -> Int {
    _ = try run(load, passes: 1)
    let one = try run(load, passes: 2).wall
    return max(2, min(256, Int(seconds / max(one, 1e-6))))
  }

  private func run(_ load: LayerLoad, passes: Int) throws -> Round {
    func work() throws {
      for _ in 0..<passes { try load.runLayer() }
      try bench.backend.finish()
    }
    let clock = ContinuousClock.now
    let joules = try meter.map { try $0.joules(work).joules / Double(passes) }
    if meter == nil { try work() }
    let wall = (ContinuousClock.now - clock).seconds / Double(passes)
    var sections: [String: Double] = [:]
    for record in try bench.backend.recorder?.take() ?? [] {
      // Sorting the rows is no product.
      let section = record.kernel == "group" ? "rest" : record.place.section
      sections[section, default: 0] += record.seconds / Double(passes)
    }
    return Round(sections: sections, wall: wall, joules: joules)
  }

  /// The LM head on so many rows.
  func heads(rows: [Int], rounds: Int) throws -> [HeadTiming] {
    guard let load = loads.max(by: { $0.rows < $1.rows }) else { return [] }
    let logits = try bench.backend.makeActivation(
      rows: rows.max() ?? 1, columns: bench.model.vocabularySize, label: "calibration logits")
    return try rows.filter { $0 <= load.rows }.map { rows in
      let seconds = try (0...rounds).map { _ in
        // What a layer reads takes the head's weights out of the cache, as in a model.
        try load.runLayer()
        try load.runHead(rows: rows, into: logits)
        try bench.backend.finish()
        return try bench.backend.recorder?.take().filter { $0.place.section == "head" }.reduce(0) { $0 + $1.seconds }
          ?? 0
      }
      return HeadTiming(rows: rows, seconds: Samples(Array(seconds.dropFirst())).median)
    }
  }

  /// Seconds that the host takes for one sequence of an iteration: to read its logits and to choose a token.
  func hostSeconds(rounds: Int) throws -> Double {
    let rows = 8
    let vocabulary = bench.model.vocabularySize
    let logits = try bench.backend.makeActivation(rows: rows, columns: vocabulary, label: "calibration logits")
    var random = SeededRandom(5)
    try bench.backend.write((0..<rows * vocabulary).map { _ in random.float() }, to: logits, at: 0)
    let sampler = Sampler(.greedy)
    let seconds = try (0...rounds).map { _ in
      let clock = ContinuousClock.now
      let values = try bench.backend.read(logits, rows: 0..<rows)
      for row in 0..<rows {
        let own = values[row * vocabulary..<(row + 1) * vocabulary]
        guard own.withUnsafeBufferPointer({ sampler.choose($0, index: 0) }) != nil else {
          throw ProfilingError("device \"\(bench.backend.name)\" has lost what was written to it")
        }
      }
      return (ContinuousClock.now - clock).seconds / Double(rows)
    }
    return Samples(Array(seconds.dropFirst())).median
  }
}
