import Backend
import Models
import Scheduling

/// A request on its way: what the scheduler does not know.
struct Sequence {
  let request: GenerationRequest
  let sampler: Sampler
  var generated: [Int32] = []
  var capture: Capture?

  init(_ request: GenerationRequest) {
    self.request = request
    sampler = Sampler(request.sampling)
    capture = request.capture.map { _ in Capture() }
  }
}

/// Executes plans, and keeps the tokens. `Engine` knows it by this protocol, without the backend's type.
protocol SequenceExecutor: AnyObject, Executor {
  var sequences: [RequestID: Sequence] { get set }
  /// Forgets the prompts under way, after a failed plan.
  func reset()
  /// Experts loaded so far, by layer. Waits for the device.
  func expertLoads() throws -> [ExpertLoads]
}

/// The executor on a real device: turns a plan into one batch, runs it through the layers, and samples.
///
/// Rows of the batch: one for each decoding request, then those of the prefill tile. At a layer outside the tile only
/// the first ones run. Between iterations the tile's rows wait in the carry, on the device.
final class PlanRunner<M: LanguageModel>: SequenceExecutor {
  typealias B = M.B

  var sequences: [RequestID: Sequence] = [:]
  private let model: M
  private let backend: B
  private let workspace: Workspace<B>
  private let cacheShape: KVCacheShape
  private let caches: [B.KVCache]
  private var hidden: Rows<B>
  private var carry: Rows<B>
  private var picked: Rows<B>
  private var final: Rows<B>
  private var logits: Rows<B>

  /// Rows whose logits are computed and read at once.
  private static var logitRows: Int { 64 }

  /// - Throws: if the device cannot hold the KV cache.
  init(_ model: M, cache: KVCacheShape) throws {
    self.model = model
    backend = model.backend
    workspace = Workspace(model.backend, model.description)
    cacheShape = cache
    caches = try (0..<model.description.layerCount).map {
      try model.backend.makeKVCache(cache, label: "KV cache of layer \($0)")
    }
    let columns = model.description.hiddenSize
    hidden = Rows(columns: columns, label: "hidden states")
    carry = Rows(columns: columns, label: "carry")
    picked = Rows(columns: columns, label: "picked rows")
    final = Rows(columns: columns, label: "final norm")
    logits = Rows(columns: model.description.vocabularySize, label: "logits")
  }

  func reset() { carry.release() }

  func expertLoads() throws -> [ExpertLoads] { try workspace.expertLoads() }

  /// Runs one token through the model in KV block 0, so that every kernel is built before the first request.
  func warmUp() throws {
    var layout = BatchLayout()
    layout.append(tokens: [0], firstPosition: 0, blocks: [0])
    let batch = try backend.prepare(layout, vocabulary: model.description.vocabularySize, cache: cacheShape)
    let hidden = try hidden.atLeast(1, backend)
    try model.embed(batch, rows: 0..<1, into: hidden)
    for layer in caches.indices {
      try model.runLayer(
        layer, hidden: hidden, batch: batch, rows: 1, phase: .decode, cache: caches[layer], workspace: workspace)
    }
    _ = try logits(of: [0], in: hidden)
    workspace.forgetLoads()
  }

  func execute(_ plan: IterationPlan, blocks: BlockTables) throws -> IterationOutcome {
    let layout = try batchLayout(plan, blocks)
    let decodeRows = plan.decode.count
    let prefillRows = decodeRows..<layout.rowCount
    let batch = try backend.prepare(layout, vocabulary: model.description.vocabularySize, cache: cacheShape)
    let hidden = try hidden.atLeast(layout.rowCount, backend)
    if decodeRows > 0 { try model.embed(batch, rows: 0..<decodeRows, into: hidden) }
    if let tile = plan.prefill {
      if tile.layers.lowerBound == 0 {
        try model.embed(batch, rows: prefillRows, into: hidden)
      } else {
        try backend.copyRows(
          carry.atLeast(prefillRows.count, backend), rows: 0..<prefillRows.count, to: hidden, at: decodeRows)
      }
    }
    for layer in caches.indices {
      let inTile = plan.prefill?.layers.contains(layer) == true
      let rows = inTile ? layout.rowCount : decodeRows
      guard rows > 0 else { continue }
      if inTile { try captureInput(of: layer, plan, hidden) }
      try model.runLayer(
        layer, hidden: hidden, batch: batch, rows: rows, phase: inTile ? .prefill : .decode, cache: caches[layer],
        workspace: workspace)
      if inTile { try captureRouter(of: layer, plan) }
    }
    if let tile = plan.prefill, tile.layers.upperBound < caches.count {
      let carry = try carry.atLeast(prefillRows.count, backend)
      try backend.copyRows(hidden, rows: prefillRows, to: carry, at: 0)
    }
    return try sample(plan, hidden)
  }

  /// Decode rows, then the slices of the tile.
  private func batchLayout(_ plan: IterationPlan, _ blocks: BlockTables) throws -> BatchLayout {
    var layout = BatchLayout()
    for id in plan.decode {
      let sequence = try sequence(id)
      guard let last = sequence.generated.last else { throw EngineError("\(id) decodes before its first token") }
      layout.append(
        tokens: CollectionOfOne(last), firstPosition: sequence.request.prompt.count + sequence.generated.count - 1,
        blocks: blocks[id] ?? [])
    }
    for slice in plan.prefill?.slices ?? [] {
      layout.append(
        tokens: try sequence(slice.request).request.prompt[slice.tokens], firstPosition: slice.tokens.lowerBound,
        blocks: blocks[slice.request] ?? [])
    }
    return layout
  }

  private func sequence(_ id: RequestID) throws -> Sequence {
    guard let sequence = sequences[id] else { throw EngineError("\(id) is not known") }
    return sequence
  }

  // MARK: Tokens

  /// The next token of every decoding request and of every prompt that is complete.
  private func sample(_ plan: IterationPlan, _ hidden: B.Activation) throws -> IterationOutcome {
    var rows = plan.decode.enumerated().map { (row: $0, id: $1) }
    if plan.prefill?.layers.upperBound == caches.count {
      for (slice, slices) in prefillRows(plan) {
        try captureLogits(slice, rows: slices, hidden)
        let isComplete = try slice.tokens.upperBound == sequence(slice.request).request.prompt.count
        if isComplete { rows.append((row: slices.upperBound - 1, id: slice.request)) }
      }
    }
    var outcome = IterationOutcome()
    let vocabulary = model.description.vocabularySize
    for start in stride(from: 0, to: rows.count, by: Self.logitRows) {
      let part = rows[start..<min(start + Self.logitRows, rows.count)]
      let values = try logits(of: part.map(\.row), in: hidden)
      for (index, (_, id)) in part.enumerated() {
        var sequence = try sequence(id)
        let token = values.withUnsafeBufferPointer {
          let row = UnsafeBufferPointer(rebasing: $0[index * vocabulary..<(index + 1) * vocabulary])
          return sequence.sampler.choose(row, index: sequence.generated.count)
        }
        guard let token else { throw EngineError("\(id): the model gave no logit that is a number") }
        if sequence.request.capture?.allLogits == false, sequence.generated.isEmpty {
          sequence.capture?.logits = Array(values[index * vocabulary..<(index + 1) * vocabulary])
        }
        sequence.generated.append(token)
        sequences[id] = sequence
        outcome.advanced.append(id)
        if sequence.finishReason != nil { outcome.finished.append(id) }
      }
    }
    return outcome
  }

  /// The logits of some rows of `hidden`: [rows, vocabulary].
  private func logits(of rows: [Int], in hidden: B.Activation) throws -> [Float] {
    guard !rows.isEmpty else { return [] }
    let picked = try picked.atLeast(Self.logitRows, backend)
    let final = try final.atLeast(Self.logitRows, backend)
    let logits = try logits.atLeast(min(Self.logitRows, rows.count), backend)
    try backend.gatherRows(hidden, indices: rows, into: picked)
    try model.finalNorm(picked, rows: rows.count, into: final)
    try model.logits(final, rows: rows.count, into: logits)
    return try backend.read(logits, rows: 0..<rows.count)
  }

  // MARK: Capture

  /// The slices of the tile with their rows in the batch.
  private func prefillRows(_ plan: IterationPlan) -> [(slice: PrefillTile.Slice, rows: Range<Int>)] {
    var start = plan.decode.count
    return (plan.prefill?.slices ?? []).map { slice in
      defer { start += slice.tokens.count }
      return (slice, start..<start + slice.tokens.count)
    }
  }

  private func captureInput(of layer: Int, _ plan: IterationPlan, _ hidden: B.Activation) throws {
    for (slice, rows) in prefillRows(plan) where sequences[slice.request]?.request.capture?.hidden == true {
      let values = try backend.read(hidden, rows: rows)
      sequences[slice.request]?.capture?.append(values, hidden: layer)
    }
  }

  private func captureRouter(of layer: Int, _ plan: IterationPlan) throws {
    guard model.description.isSparse[layer] else { return }
    for (slice, rows) in prefillRows(plan) where sequences[slice.request]?.request.capture?.hidden == true {
      let chosen = try workspace.lastChoice(rows: rows)
      sequences[slice.request]?.capture?.append(chosen, router: layer)
    }
  }

  /// Final hidden states and, if asked for, the logits of every row of a slice that has passed all layers.
  private func captureLogits(_ slice: PrefillTile.Slice, rows: Range<Int>, _ hidden: B.Activation) throws {
    guard let options = sequences[slice.request]?.request.capture, options.hidden || options.allLogits else { return }
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.logitRows) {
      let part = Array(start..<min(start + Self.logitRows, rows.upperBound))
      let values = try logits(of: part, in: hidden)
      if options.allLogits { sequences[slice.request]?.capture?.logits += values }
      if options.hidden {
        let normed = try backend.read(final.atLeast(part.count, backend), rows: 0..<part.count)
        sequences[slice.request]?.capture?.append(normed, hidden: caches.count)
      }
    }
  }
}

extension Sequence {
  /// Why the text ends here; nil if it goes on.
  var finishReason: FinishReason? {
    if let last = generated.last, request.stopTokens.contains(last) { return .stop }
    return generated.count >= request.maxTokens ? .length : nil
  }
}

extension Capture {
  fileprivate mutating func append(_ values: [Float], hidden layer: Int) {
    while hidden.count <= layer { hidden.append([]) }
    hidden[layer] += values
  }

  fileprivate mutating func append(_ chosen: [Int32], router layer: Int) {
    while router.count <= layer { router.append([]) }
    router[layer] += chosen
  }
}

/// An activation that grows with the batch.
struct Rows<B: Backend> {
  let columns: Int
  let label: String
  private var rows = 0
  private var activation: B.Activation?

  init(columns: Int, label: String) {
    self.columns = columns
    self.label = label
  }

  /// The activation, made larger if need be; then its contents are lost.
  mutating func atLeast(_ wanted: Int, _ backend: B) throws -> B.Activation {
    if let activation, rows >= wanted { return activation }
    release()  // given back before the larger one is taken
    let larger = 1 << (Int.bitWidth - (max(wanted, 1) - 1).leadingZeroBitCount)
    let made = try backend.makeActivation(rows: larger, columns: columns, label: label)
    rows = larger
    activation = made
    return made
  }

  mutating func release() {
    activation = nil
    rows = 0
  }
}
