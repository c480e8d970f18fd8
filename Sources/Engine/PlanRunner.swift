import Backend
import Models
import Scheduling

/// Executes plans, and keeps the tokens. `Engine` knows it by this protocol, without the backend's type.
protocol SequenceExecutor: AnyObject, Executor {
  var sequences: [RequestID: Sequence] { get set }
  /// Forgets the prompts under way, after a failed plan.
  func reset()
  /// Experts read from device memory so far, by layer. Waits for the device.
  func expertLoads() throws -> [ExpertLoads]
  /// Rows that each expert had so far, [layers][experts]. Waits for the device.
  func expertRows() throws -> [[Int]]
  /// Experts moved to the device so far.
  var expertTransfers: ExpertTransfers { get }
  /// What passes moved between device memory and compute so far, but for experts.
  var memoryTraffic: MemoryTraffic { get }
  /// Waits until all experts that have a place of their own are on the device.
  func finishLoading() throws
  /// Bytes in buffers of the device, now and at most; nil without a device.
  var allocatedBytes: (live: Int, peak: Int)? { get }
  /// Told before each layer runs which one and of which layers the prompt's tile is, and with neither before the rest.
  var willRun: ((_ layer: Int?, _ group: Range<Int>?) -> Void)? { get set }
}

/// The executor on a real device: turns a plan into one batch, runs it through the layers, and samples.
///
/// Rows of the batch: one for each decoding request, then those of the prefill tiles. At a layer only the decode rows and
/// the tiles that hold it run. Between iterations the rows of unfinished tiles wait in the carry, on the device.
final class PlanRunner<M: LanguageModel>: SequenceExecutor {
  typealias B = M.B

  var sequences: [RequestID: Sequence] = [:]
  var willRun: ((_ layer: Int?, _ group: Range<Int>?) -> Void)?
  private let model: M
  private let backend: B
  private let workspace: Workspace<B>
  private let cacheShape: KVCacheShape
  private let caches: [B.KVCache]
  private var hidden: Rows<B>
  private var packed: Rows<B>
  private var carry: Carry<B>
  private var picked: Rows<B>
  private var final: Rows<B>
  private var logits: Rows<B>
  private(set) var memoryTraffic: MemoryTraffic

  /// Rows whose logits are computed and read at once.
  private static var logitRows: Int { 64 }

  /// - Throws: if the device cannot hold the KV cache.
  init(_ model: M, cache: KVCacheShape, weights: WeightSizes) throws {
    self.model = model
    backend = model.backend
    workspace = Workspace(model.backend, model.description)
    cacheShape = cache
    caches = try (0..<model.description.layerCount).map {
      try model.backend.makeKVCache(cache, label: "KV cache of layer \($0)")
    }
    let columns = model.description.hiddenSize
    hidden = Rows(columns: columns, label: "hidden states")
    packed = Rows(columns: columns, label: "packed hidden states")
    carry = Carry(columns: columns)
    memoryTraffic = MemoryTraffic(model.description, weights)
    picked = Rows(columns: columns, label: "picked rows")
    final = Rows(columns: columns, label: "final norm")
    logits = Rows(columns: model.description.vocabularySize, label: "logits")
    // What is left of the memory is for experts.
    try model.backend.settleExperts()
  }

  func reset() {
    backend.abandon()
    carry.release()
  }

  func expertLoads() throws -> [ExpertLoads] { try workspace.expertLoads() }

  func expertRows() throws -> [[Int]] { try workspace.expertRows() }

  var expertTransfers: ExpertTransfers { backend.expertTransfers }

  func finishLoading() throws { try backend.finishLoading() }

  var allocatedBytes: (live: Int, peak: Int)? { backend.allocatedBytes }

  /// Runs a token of each of so many sequences through the model, all of them in KV block 0, so that what decodes as many is built
  /// before the first request.
  func warmUp(rows: Int) throws {
    var layout = BatchLayout()
    for _ in 0..<rows { layout.append(tokens: [0], firstPosition: 0, blocks: [0]) }
    let batch = try prepare(layout)
    _ = try logits(ofAll: rows, batch)
    workspace.forgetLoads()
  }

  /// The logits behind a pass of all rows of a batch, a few, through all layers: [rows, vocabulary].
  private func logits(ofAll rows: Int, _ batch: B.Batch) throws -> [Float] {
    let hidden = try hidden.atLeast(rows, backend)
    let final = try final.atLeast(Self.logitRows, backend)
    let logits = try logits.atLeast(rows, backend)
    try backend.again(batch, rows: rows) {
      try model.embed(batch, rows: 0..<rows, into: hidden)
      for layer in caches.indices {
        try model.runLayer(
          layer, hidden: hidden, batch: batch, rows: rows, phase: .decode, cache: caches[layer], workspace: workspace)
      }
      try model.finalNorm(hidden, rows: rows, into: final)
      try model.logits(final, rows: rows, into: logits)
    }
    return try backend.read(logits, rows: 0..<rows)
  }

  /// An iteration of decoding requests alone.
  private func advance(_ part: BatchPart) throws -> IterationOutcome {
    var iteration = Iteration<B>(parts: [part], prepare: prepare)
    let rows = part.rows.count
    let values = try logits(ofAll: rows, iteration.batch(of: [0]))
    memoryTraffic.embed(rows, isPrefill: false)
    for layer in caches.indices { memoryTraffic.pass(layer, [part]) }
    memoryTraffic.head(rows, isPrefill: false)
    var outcome = IterationOutcome()
    let vocabulary = model.description.vocabularySize
    for (row, run) in part.runs.enumerated() {
      try choose(run.id, values[row * vocabulary..<(row + 1) * vocabulary], &outcome)
    }
    return outcome
  }

  func execute(_ plan: IterationPlan, blocks: BlockTables) throws -> IterationOutcome {
    // The tile with the most layers first: those that hold a layer are mostly the first ones then.
    let tiles = plan.prefill.sorted { $0.layers.count > $1.layers.count }
    let parts = try parts(decode: plan.decode, tiles, blocks)
    backend.expect(forecast(tiles))
    if plan.prefill.isEmpty, plan.preempted.isEmpty, (1...Self.logitRows).contains(plan.decode.count), willRun == nil {
      return try advance(parts[0])
    }
    for part in parts { try startCapture(part) }
    var iteration = Iteration<B>(parts: parts, prepare: prepare)
    let hidden = try hidden.atLeast(iteration.rowCount, backend)
    let batch = try iteration.batch(of: parts.indices)
    for part in parts where !part.rows.isEmpty && part.layers.lowerBound == 0 {
      try model.embed(batch, rows: part.rows, into: hidden)
      memoryTraffic.embed(part.rows.count, isPrefill: !part.isDecode)
    }
    try carry.restore(parts, to: hidden, backend)
    countCarry(parts)
    for layer in caches.indices { try run(layer, &iteration, hidden) }
    try carry.keep(parts, of: hidden, layerCount: caches.count, backend) { id in
      sequences[id] != nil && !plan.preempted.contains(id)
    }
    let outcome = try sample(parts, hidden)
    // Where no token was read, nothing has waited for the device; an iteration's time is its own.
    if outcome.advanced.isEmpty { _ = try backend.read(hidden, rows: 0..<1) }
    return outcome
  }

  /// Rows that come from the carry, and those that go to it.
  private func countCarry(_ parts: [BatchPart]) {
    for part in parts where !part.isDecode {
      let rows = part.rows.count
      if part.layers.lowerBound > 0 { memoryTraffic.carry(rows) }
      if part.layers.upperBound < caches.count { memoryTraffic.carry(rows) }
    }
  }

  /// What these tiles mean for the layers, now and, as far as they go on, in the next iteration.
  private func forecast(_ tiles: [PrefillTile]) -> IterationForecast {
    let none = Array(repeating: 0, count: caches.count)
    var forecast = IterationForecast(prefillRows: none, nextPrefillRows: none)
    for tile in tiles {
      let rows = tile.tokenCount
      for layer in tile.layers { forecast.prefillRows[layer] += rows }
      let end = tile.layers.upperBound
      if end < caches.count {
        for layer in end..<min(end + tile.layers.count, caches.count) { forecast.nextPrefillRows[layer] += rows }
      } else {
        // The rest of the prompts begins at the first layer.
        let rest = tile.slices.reduce(0) { $0 + (sequences[$1.request]?.length ?? 0) - $1.tokens.upperBound }
        for layer in 0..<tile.layers.count { forecast.nextPrefillRows[layer] += min(rows, max(rest, 0)) }
      }
    }
    return forecast
  }

  private func prepare(_ layout: BatchLayout) throws -> B.Batch {
    try backend.prepare(layout, vocabulary: model.description.vocabularySize, cache: cacheShape)
  }

  /// Runs a layer on the parts that hold it.
  private func run(_ layer: Int, _ iteration: inout Iteration<B>, _ hidden: B.Activation) throws {
    let active = iteration.parts.indices.filter { iteration.parts[$0].holds(layer) }
    let rows = active.reduce(0) { $0 + iteration.parts[$1].rows.count }
    guard rows > 0 else { return }
    let phase: Phase = active.allSatisfy { iteration.parts[$0].isDecode } ? .decode : .prefill
    memoryTraffic.pass(layer, active.map { iteration.parts[$0] })
    for part in active { try captureInput(of: layer, iteration.parts[part], hidden) }
    let batch = try iteration.batch(of: active)
    willRun?(layer, active.map { iteration.parts[$0] }.first { !$0.isDecode }?.layers)
    if iteration.areFirst(active) {
      try model.runLayer(
        layer, hidden: hidden, batch: batch, rows: rows, phase: phase, cache: caches[layer], workspace: workspace)
    } else {
      // Ops work on the first rows of a batch, so these rows are brought together for the layer.
      let packed = try packed.atLeast(rows, backend)
      let moves = iteration.moves(of: active)
      for move in moves { try backend.copyRows(hidden, rows: move.rows, to: packed, at: move.start) }
      try model.runLayer(
        layer, hidden: packed, batch: batch, rows: rows, phase: phase, cache: caches[layer], workspace: workspace)
      for move in moves {
        let source = move.start..<move.start + move.rows.count
        try backend.copyRows(packed, rows: source, to: hidden, at: move.rows.lowerBound)
      }
    }
    willRun?(nil, nil)
    try captureRouter(of: layer, active.map { iteration.parts[$0] })
  }

  /// The decode rows, then the rows of each tile.
  private func parts(decode: [RequestID], _ tiles: [PrefillTile], _ blocks: BlockTables) throws -> [BatchPart] {
    var decodePart = BatchPart(layers: 0..<caches.count, isDecode: true, start: 0)
    for id in decode {
      let sequence = try sequence(id)
      guard let last = sequence.generated.last else { throw EngineError("\(id) decodes before its first token") }
      decodePart.append(
        id, tokens: CollectionOfOne(last), positions: sequence.length - 1..<sequence.length, blocks: blocks[id] ?? [])
    }
    var parts = [decodePart]
    var start = decodePart.rows.upperBound
    for tile in tiles {
      var part = BatchPart(layers: tile.layers, isDecode: false, start: start)
      for slice in tile.slices {
        let sequence = try sequence(slice.request)
        part.append(
          slice.request, tokens: slice.tokens.lazy.map(sequence.token), positions: slice.tokens,
          blocks: blocks[slice.request] ?? [])
      }
      start = part.rows.upperBound
      parts.append(part)
    }
    return parts
  }

  private func sequence(_ id: RequestID) throws -> Sequence {
    guard let sequence = sequences[id] else { throw EngineError("\(id) is not known") }
    return sequence
  }

  // MARK: Tokens

  /// The next token of every decoding request and of every prompt that is complete.
  private func sample(_ parts: [BatchPart], _ hidden: B.Activation) throws -> IterationOutcome {
    var rows: [(row: Int, id: RequestID)] = []
    for part in parts where part.layers.upperBound == caches.count {
      for run in part.runs {
        if !part.isDecode { try captureLogits(run, hidden) }
        if try run.positions.upperBound == sequence(run.id).length { rows.append((run.rows.upperBound - 1, run.id)) }
      }
    }
    var outcome = IterationOutcome()
    let vocabulary = model.description.vocabularySize
    for start in stride(from: 0, to: rows.count, by: Self.logitRows) {
      let part = rows[start..<min(start + Self.logitRows, rows.count)]
      let values = try logits(of: part.map(\.row), in: hidden)
      memoryTraffic.head(part.count, isPrefill: parts.contains { !$0.isDecode })
      for (index, (_, id)) in part.enumerated() {
        let own = values[index * vocabulary..<(index + 1) * vocabulary]
        try choose(id, own, &outcome)
      }
    }
    return outcome
  }

  /// Chooses the next token of a request from its logits.
  private func choose(_ id: RequestID, _ logits: ArraySlice<Float>, _ outcome: inout IterationOutcome) throws {
    guard let (index, continuation) = sequences[id].map({ ($0.generated.count, $0.request.continuation) }) else {
      throw EngineError("\(id) is not known")
    }
    let token = continuation.indices.contains(index) ? continuation[index] : sequences[id]?.choose(logits)
    guard let token else {
      outcome.failed[id] = "the model gave no logit that is a number"
      return
    }
    if let options = sequences[id]?.request.capture {
      if !options.allLogits, sequences[id]?.generated.isEmpty == true { sequences[id]?.capture?.logits = Array(logits) }
      if options.generated { sequences[id]?.capture?.generated.append(Array(logits)) }
    }
    if let key = sequences[id]?.append(token, blockSize: cacheShape.blockSize) { outcome.filled[id] = key }
    outcome.advanced.append(id)
    if sequences[id]?.finishReason != nil { outcome.finished.append(id) }
  }

  /// The logits of some rows of `hidden`: [rows, vocabulary].
  private func logits(of rows: [Int], in hidden: B.Activation) throws -> [Float] {
    guard !rows.isEmpty else { return [] }
    let final = try final.atLeast(Self.logitRows, backend)
    let logits = try logits.atLeast(min(Self.logitRows, rows.count), backend)
    if rows.elementsEqual(0..<rows.count) {
      try model.finalNorm(hidden, rows: rows.count, into: final)
    } else {
      let picked = try picked.atLeast(Self.logitRows, backend)
      try backend.gatherRows(hidden, indices: rows, into: picked)
      try model.finalNorm(picked, rows: rows.count, into: final)
    }
    try model.logits(final, rows: rows.count, into: logits)
    return try backend.read(logits, rows: 0..<rows.count)
  }

  // MARK: Capture

  /// What is to be kept of a prompt's rows: nothing once it has passed, if it comes again after a preemption.
  private func captureOptions(_ run: BatchPart.Run) -> CaptureOptions? {
    guard let sequence = sequences[run.id], sequence.generated.isEmpty else { return nil }
    return sequence.request.capture
  }

  /// A prompt that begins, perhaps for the second time, has nothing captured yet.
  private func startCapture(_ part: BatchPart) throws {
    guard !part.isDecode, part.layers.lowerBound == 0 else { return }
    for run in part.runs where run.positions.lowerBound == 0 && captureOptions(run) != nil {
      sequences[run.id]?.capture = Capture()
    }
  }

  private func captureInput(of layer: Int, _ part: BatchPart, _ hidden: B.Activation) throws {
    guard !part.isDecode else { return }
    for run in part.runs where captureOptions(run)?.hidden == true {
      let values = try backend.read(hidden, rows: run.rows)
      sequences[run.id]?.capture?.append(values, hidden: layer)
    }
  }

  /// - Parameter active: the parts that have just run, in the order of their rows.
  private func captureRouter(of layer: Int, _ active: [BatchPart]) throws {
    guard model.description.isSparse[layer] else { return }
    var start = 0
    for part in active {
      for run in part.runs {
        let rows = start..<start + run.rows.count
        start = rows.upperBound
        guard !part.isDecode, captureOptions(run)?.router == true else { continue }
        sequences[run.id]?.capture?.append(try workspace.lastChoice(rows: rows), router: layer)
      }
    }
  }

  /// Final hidden states and, if asked for, the logits of every row of a slice that has passed all layers.
  private func captureLogits(_ run: BatchPart.Run, _ hidden: B.Activation) throws {
    guard let options = captureOptions(run), options.hidden || options.allLogits || options.promptLogprobs != nil else {
      return
    }
    for start in stride(from: run.rows.lowerBound, to: run.rows.upperBound, by: Self.logitRows) {
      let part = Array(start..<min(start + Self.logitRows, run.rows.upperBound))
      let values = try logits(of: part, in: hidden)
      if options.allLogits { sequences[run.id]?.capture?.logits += values }
      if let count = options.promptLogprobs {
        let first = run.positions.lowerBound + start - run.rows.lowerBound
        sequences[run.id]?.keepPromptLogprobs(values, first: first, vocabulary: model.description.vocabularySize, count)
      }
      if options.hidden {
        let normed = try backend.read(final.atLeast(part.count, backend), rows: 0..<part.count)
        sequences[run.id]?.capture?.append(normed, hidden: caches.count)
      }
    }
  }
}
