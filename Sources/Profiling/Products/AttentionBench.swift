import Backend
import Engine
package import OpenCL
import OpenCLBackend
import Scheduling

/// Measures attention alone: a prompt's rows over their own keys and values, or one row behind as many.
package struct AttentionBench: Sendable {
  package var queryHeads = 32
  package var keyValueHeads = 4
  package var headSize = 128
  package var positions = 4096
  package var rounds = 5

  package init() {}

  package struct Time: Sendable, Encodable {
    /// Rows that attend: all positions for a prompt, 1 for a decoded token.
    package var rows: Int
    /// Of each round.
    package var samples: [Double]
    package var seconds: Double
    /// A score and a weighted value are 4 operations an element.
    package var operationsPerSecond: Double
    package var computeShare: Double
    /// Of keys and values in f32.
    package var bytesPerSecond: Double
    package var bandwidthShare: Double
  }

  package struct Report: Sendable, Encodable {
    package var device: String
    package var queryHeads: Int
    package var keyValueHeads: Int
    package var headSize: Int
    package var positions: Int
    package var times: [Time]

    /// A table for a person.
    package var lines: [String] {
      let head = ["rows", "ms", "GFLOP/s", "x f32 peak", "GB/s", "x read"]
      let rows = times.map { time in
        [
          "\(time.rows)", fixed(time.seconds * 1e3, 3), fixed(time.operationsPerSecond / 1e9, 1),
          fixed(time.computeShare, 2), fixed(time.bytesPerSecond / 1e9, 2), fixed(time.bandwidthShare, 2),
        ]
      }
      return [
        "\(device): attention over \(positions) positions, \(queryHeads)/\(keyValueHeads) heads of \(headSize), f32 cache"
      ] + Table(rows: [head] + rows, right: Set(0...5)).lines
    }
  }

  /// - Throws: `ProfilingError` for sizes that are not above 0, `BackendError` for a device with too little memory.
  package func run(on device: Device, progress: (String) -> Void) throws -> Report {
    guard queryHeads > 0, keyValueHeads > 0, queryHeads % keyValueHeads == 0, headSize > 0, headSize % 2 == 0,
      positions > 0, rounds > 0
    else {
      throw ProfilingError(
        "heads, head-size, positions and rounds: expected 1 or more of each, an even head size, and query heads that are a "
          + "multiple of the key-value heads")
    }
    let probe = try CeilingProbe(device)
    let backend = try OpenCLBackend(device)
    let times = try [positions, 1].map { rows in
      progress("attention of \(rows) rows")
      return try measure(rows, backend, probe)
    }
    return Report(
      device: device.name, queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: headSize,
      positions: positions, times: times)
  }

  private func measure(_ rows: Int, _ backend: OpenCLBackend, _ probe: CeilingProbe) throws -> Time {
    let shape = AttentionShape(
      queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: headSize,
      scale: 1 / Float(headSize).squareRoot())
    let blocks = (positions + OpenCLBackend.blockSize - 1) / OpenCLBackend.blockSize
    let cacheShape = KVCacheShape(
      blockCount: blocks, blockSize: OpenCLBackend.blockSize, heads: keyValueHeads, headSize: headSize, hasValues: true)
    let cache = try backend.makeKVCache(cacheShape, label: "attention's cache")
    func prepared(_ range: Range<Int>) throws -> (OpenCLBackend.Batch, OpenCLBackend.Activation) {
      var layout = BatchLayout()
      layout.append(
        tokens: range.map { _ in 0 }, firstPosition: range.lowerBound, blocks: (0..<blocks).map(Int32.init))
      let batch = try backend.prepare(layout, vocabulary: 1, cache: cacheShape)
      let qkv = try backend.makeActivation(rows: range.count, columns: shape.qkvColumns, label: "queries, keys, values")
      var random = SeededRandom(9)
      try backend.write((0..<range.count * shape.qkvColumns).map { _ in random.float() }, to: qkv, at: 0)
      let heads = HeadOptions(
        shape: shape, queryNorm: nil, keyNorm: nil, normScope: .head, epsilon: 1e-6, clip: nil,
        rotary: try backend.loadVector([Float](repeating: 0.7, count: positions * headSize), label: "rotary"),
        rotaryColumns: 0..<headSize, rotaryPairs: .halves)
      try backend.prepareHeads(qkv, heads, batch: batch, rows: range.count, cache: cache)
      return (batch, qkv)
    }
    if rows < positions { _ = try prepared(0..<positions) }
    let (batch, qkv) = try prepared(positions - rows..<positions)
    let out = try backend.makeActivation(rows: rows, columns: shape.outputColumns, label: "attention's output")
    func seconds(_ count: Int) throws -> Double {
      try backend.finish()
      let clock = ContinuousClock.now
      for _ in 0..<count {
        try backend.attention(qkv, shape: shape, batch: batch, rows: rows, cache: cache, into: out)
      }
      try backend.finish()
      return (ContinuousClock.now - clock).seconds / Double(count)
    }
    _ = try seconds(1)
    let count = max(1, min(256, Int(0.1 / max(try seconds(1), 1e-6))))
    let found = try (0..<rounds).map { _ in (ceiling: try probe.take(), seconds: try seconds(count)) }
    // Each row sees its own position and those before it.
    let seen = Double(rows) * Double(2 * positions - rows + 1) / 2
    let operations = seen * Double(4 * queryHeads * headSize)
    let bytes = Double(2 * positions * keyValueHeads * headSize * 4)
    let median = Samples(found.map(\.seconds)).median
    return Time(
      rows: rows, samples: found.map(\.seconds), seconds: median, operationsPerSecond: operations / median,
      computeShare: Samples(found.map { operations / $0.seconds / $0.ceiling.operationsPerSecond }).median,
      bytesPerSecond: bytes / median,
      bandwidthShare: Samples(found.map { bytes / $0.seconds / $0.ceiling.bytesPerSecond }).median)
  }
}
