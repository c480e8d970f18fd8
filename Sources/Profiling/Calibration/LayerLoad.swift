import Backend
import OpenCLBackend
import Scheduling
import Simulation

/// Rows that pass the layers of a `LayerBench`, with all that they need on the device.
final class LayerLoad {
  typealias B = OpenCLBackend

  let decodeRows: Int
  let context: Int
  let promptTokens: Int
  let expertShare: Double

  private let bench: LayerBench
  private let batch: B.Batch
  private let cache: B.KVCache
  /// Choices of several layers, which pass in turn.
  private let routers: [B.Activation]
  private let routing: B.Routing
  private let hidden: B.Activation
  private let normed: B.Activation
  private let qkv: B.Activation
  private let attended: B.Activation
  private let scores: B.Activation
  private let between: B.Activation
  private let out: B.Activation
  private var pass = 0

  var rows: Int { decodeRows + promptTokens }

  /// - Parameters:
  ///   - decodeRows: sequences that decode one token each behind `context` positions; 0 for a prompt.
  ///   - promptTokens: tokens of one prompt; 0 for decode rows.
  init(_ bench: LayerBench, decodeRows: Int, context: Int, promptTokens: Int) throws {
    self.bench = bench
    self.decodeRows = decodeRows
    self.context = context
    self.promptTokens = promptTokens
    let (model, backend) = (bench.model, bench.backend)
    let rows = decodeRows + promptTokens
    func activation(_ columns: Int, rows count: Int? = nil, _ label: String) throws -> B.Activation {
      try backend.makeActivation(rows: count ?? rows, columns: columns, label: "calibration \(label)")
    }
    let slots = rows * model.chosenExperts
    hidden = try activation(model.hiddenSize, "hidden")
    normed = try activation(model.hiddenSize, "norm")
    qkv = try activation(bench.attention.qkvColumns, "qkv")
    attended = try activation(bench.attention.queryColumns, "attention")
    scores = try activation(model.experts, "router")
    between = try activation(model.expertIntermediateSize, rows: slots, "experts")
    out = try activation(model.hiddenSize, rows: slots, "expert output")
    routing = try backend.makeRouting(
      rows: rows, experts: model.experts, chosen: model.chosenExperts, layers: 1, label: "calibration routing")

    let size = OpenCLBackend.blockSize
    let length = promptTokens > 0 ? promptTokens : context + 1
    let blocks = (length + size - 1) / size
    let sequences = max(decodeRows, 1)
    let shape = KVCacheShape(
      blockCount: sequences * blocks, blockSize: size, heads: model.keyValueHeads, headSize: model.headSize)
    cache = try backend.makeKVCache(shape, label: "calibration KV cache")
    func tables(_ sequence: Int) -> [Int32] { (0..<blocks).map { Int32(sequence * blocks + $0) } }
    var layout = BatchLayout()
    if promptTokens > 0 {
      layout.append(tokens: Array(repeating: 0, count: promptTokens), firstPosition: 0, blocks: tables(0))
    } else {
      for row in 0..<decodeRows { layout.append(tokens: [0], firstPosition: context, blocks: tables(row)) }
    }
    batch = try backend.prepare(layout, vocabulary: 1, cache: shape)
    let spread = promptTokens > 0 ? ExpertCoverage.promptSpread : ExpertCoverage.decodeSpread
    routers = try (0..<max(1, min(16, 512 / rows))).map { index in
      let router = try backend.makeActivation(rows: rows, columns: model.experts, label: "calibration choice")
      let logits = RandomRouting.logits(rows: rows, experts: model.experts, spread: spread, seed: UInt64(index + 1))
      try backend.write(logits, to: router, at: 0)
      return router
    }
    expertShare = try Self.share(routers, routing, rows: rows, bench)
    var random = SeededRandom(3)
    try backend.write((0..<rows * model.hiddenSize).map { _ in random.float() }, to: hidden, at: 0)
    if decodeRows > 0 { try fillCache(shape, tables: tables) }
  }

  /// The mean share of the experts that the choices meet.
  private static func share(
    _ routers: [B.Activation], _ routing: B.Routing, rows: Int, _ bench: LayerBench
  ) throws -> Double {
    let options = RouterOptions(renormalise: true, layer: 0, phase: .decode)
    let met = try routers.map { router in
      try bench.backend.route(logits: router, rows: rows, options: options, into: routing)
      return Set(try bench.backend.readChoice(routing, rows: 0..<rows)).count
    }
    return Double(met.reduce(0, +)) / Double(met.count * bench.model.experts)
  }

  /// Puts keys and values of the context into the cache: memory that was never written may not be there.
  private func fillCache(_ shape: KVCacheShape, tables: (Int) -> [Int32]) throws {
    let count = min(512, context)
    guard count > 0 else { return }
    let states = try bench.backend.makeActivation(
      rows: count, columns: bench.attention.qkvColumns, label: "calibration context")
    var random = SeededRandom(4)
    try bench.backend.write((0..<count * bench.attention.qkvColumns).map { _ in random.float() }, to: states, at: 0)
    for sequence in 0..<decodeRows {
      for start in stride(from: 0, to: context, by: count) {
        var layout = BatchLayout()
        let rows = min(count, context - start)
        layout.append(tokens: Array(repeating: 0, count: rows), firstPosition: start, blocks: tables(sequence))
        let batch = try bench.backend.prepare(layout, vocabulary: 1, cache: shape)
        try bench.backend.prepareHeads(states, heads, batch: batch, rows: rows, cache: cache)
      }
    }
    try bench.backend.finish()
  }

  private var heads: HeadOptions<B.Vector> {
    HeadOptions(shape: bench.attention, queryNorm: nil, keyNorm: nil, epsilon: 1e-6, rotary: bench.rotary)
  }

  /// Queues one layer, as a model does; its launches are recorded as `experts`, `dense`, `attention` and `rest`.
  func runLayer() throws {
    let backend = bench.backend
    let dense = bench.dense[pass % bench.dense.count]
    let experts = bench.experts[pass % bench.experts.count]
    let router = routers[pass % routers.count]
    pass += 1
    func section<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
      backend.recorder?.place.section = name
      return try body()
    }
    try section("rest") { try backend.rmsNorm(hidden, weight: bench.norm, epsilon: 1e-6, rows: rows, into: normed) }
    try section("dense") { try backend.linear(normed, dense.qkv, rows: rows, into: qkv, accumulate: false) }
    try section("rest") { try backend.prepareHeads(qkv, heads, batch: batch, rows: rows, cache: cache) }
    try section("attention") {
      try backend.attention(qkv, shape: bench.attention, batch: batch, rows: rows, cache: cache, into: attended)
    }
    try section("dense") { try backend.linear(attended, dense.output, rows: rows, into: hidden, accumulate: true) }
    try section("rest") { try backend.rmsNorm(hidden, weight: bench.norm, epsilon: 1e-6, rows: rows, into: normed) }
    try section("dense") { try backend.linear(normed, dense.router, rows: rows, into: scores, accumulate: false) }
    try section("rest") {
      let options = RouterOptions(renormalise: true, layer: 0, phase: promptTokens > 0 ? .prefill : .decode)
      try backend.route(logits: router, rows: rows, options: options, into: routing)
    }
    try section("experts") {
      try backend.experts(
        normed, experts, routing: routing, rows: rows, hidden: between, into: out)
    }
    try section("rest") { try backend.combine(out, routing: routing, rows: rows, addingTo: hidden) }
  }

  /// Queues the LM head on the first `rows` rows.
  func runHead(rows: Int, into logits: B.Activation) throws {
    bench.backend.recorder?.place.section = "head"
    try bench.backend.linear(hidden, bench.head, rows: rows, into: logits, accumulate: false)
  }
}
