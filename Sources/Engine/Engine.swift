import Backend
import Checkpoints
package import Models
import OpenCL
import OpenCLBackend
import Reference
package import Scheduling
package import Tokenizers

/// Runs requests on one device: asks the scheduler for a plan, executes it, samples, and sends the tokens on.
///
/// An actor on a thread of its own, which owns the device. Requests come and go between iterations.
package actor Engine {
  private let thread = EngineThread("strata.engine")
  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  package nonisolated let files: ModelFiles
  package nonisolated let estimate: MemoryEstimate
  private let tokenizer: Tokenizer?
  private var runner: any SequenceExecutor
  private let expertBytes: [Int]
  private var scheduler: Scheduler
  private var clients: [RequestID: Client] = [:]
  private var nextID = 0
  private var loop: Task<Void, Never>?
  /// The scheduler's clock begins here.
  private let start = ContinuousClock.now
  private let prefixCaching: Bool
  /// Of the keys of KV blocks.
  private let secret = SipHash.Key.random()

  /// Who listens to a request, and what it was told.
  private struct Client {
    let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    let submitted: ContinuousClock.Instant
    var decoder: StreamingDecoder?
    var text = ""
    var firstToken: Duration?
    var lastToken: Duration = .zero
  }

  /// Loads the model to the device, on the caller's thread.
  ///
  /// - Parameters:
  ///   - tokenizer: turns tokens into text; without one there is no text.
  ///   - progress: told while weights are loaded.
  /// - Throws: what is wrong with the model or the device, or that the device is too small.
  package init(
    _ files: ModelFiles, tokenizer: Tokenizer?, options: EngineOptions,
    progress: @escaping LoadProgress = { _, _ in }
  ) throws {
    let model = files.description
    let blocks = max(1, (options.cachePositions + Self.blockSize - 1) / Self.blockSize)
    let cache = model.kvCache(blockCount: blocks, blockSize: Self.blockSize)
    let rows = min(options.expectedTokens, options.maxBatchedTokens) + min(options.maxRequests, blocks)
    estimate = MemoryEstimate(
      weights: Self.weightBytes(files.checkpoint), cache: cache.byteCount * model.layerCount,
      activations: Workspace<ReferenceBackend>.byteCount(model, rows: rows) + 3 * rows * model.hiddenSize * 4)
    let loaded: (runner: any SequenceExecutor, expertBytes: [Int])
    switch options.device {
    case .reference:
      loaded = try Self.load(files, on: ReferenceBackend(), cache: cache, warmUp: false, progress)
    case .openCL(let device):
      try Self.check(estimate, against: options.deviceMemory ?? device.globalMemory, device)
      let backend = try OpenCLBackend(device, plan: options.plan, cache: options.programCache)
      loaded = try Self.load(files, on: backend, cache: cache, warmUp: true, progress)
    }
    runner = loaded.runner
    expertBytes = loaded.expertBytes
    self.files = files
    self.tokenizer = tokenizer
    prefixCaching = options.prefixCaching
    scheduler = Scheduler(
      policy: options.policy, layerCount: model.layerCount,
      limits: Scheduler.Limits(
        maxRequests: options.maxRequests, maxBatchedTokens: options.maxBatchedTokens, maxPositions: model.maxPositions),
      pool: BlockPool(blockCount: blocks, blockSize: Self.blockSize))
  }

  /// Positions of a KV block.
  package static let blockSize = OpenCLBackend.blockSize

  private static func load<B: Backend>(
    _ files: ModelFiles, on backend: B, cache: KVCacheShape, warmUp: Bool, _ progress: @escaping LoadProgress
  ) throws -> (runner: any SequenceExecutor, expertBytes: [Int]) {
    func run<M: LanguageModel>(_ model: M) throws -> (any SequenceExecutor, [Int]) {
      let runner = try PlanRunner(model, cache: cache)
      if warmUp { try runner.warmUp() }
      return (runner, model.expertBytes)
    }
    let positions = cache.blockCount * cache.blockSize
    return try run(Families.load(files.checkpoint, on: backend, positions: positions, progress: progress))
  }

  /// Matrices stay bf16 if they are; everything else becomes f32.
  private static func weightBytes(_ checkpoint: Checkpoint) -> Int {
    checkpoint.tensors.reduce(0) { sum, tensor in
      let staysBF16 = tensor.format == .bf16 && tensor.shape.count > 1
      return sum + tensor.elementCount * (staysBF16 ? 2 : 4)
    }
  }

  private static func check(_ estimate: MemoryEstimate, against available: Int, _ device: Device) throws(EngineError) {
    // 0: the device does not tell.
    guard available > 0, estimate.total > available else { return }
    throw EngineError(
      "device \"\(device.name)\" has too little memory: \(readable(estimate.total)) are needed (weights "
        + "\(readable(estimate.weights)), KV cache \(readable(estimate.cache)), activations "
        + "\(readable(estimate.activations))), but it has \(readable(available))")
  }

  // MARK: Requests

  /// Queues requests together, and starts to work; each gets its events.
  ///
  /// A stream that is dropped cancels its request.
  /// - Throws: `EngineError` or `SchedulingError` for one that can never run; then none is queued.
  package func submit(
    _ requests: [GenerationRequest]
  ) throws -> [AsyncThrowingStream<GenerationEvent, any Error>] {
    let submitted = ContinuousClock.now
    let shapes = try queue(requests, at: submitted)
    let streams = zip(shapes, requests).map { shape, request in
      let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
      continuation.onTermination = { [weak self] reason in
        guard case .cancelled = reason, let self else { return }
        Task { await self.cancel(shape.id) }
      }
      runner.sequences[shape.id] = Sequence(
        request, blockKeys: shape.blockKeys, secret: sharesBlocks(request) ? secret : nil)
      clients[shape.id] = Client(
        continuation: continuation, submitted: submitted, decoder: tokenizer.map { StreamingDecoder($0) })
      return stream
    }
    if loop == nil { loop = Task { await self.run() } }
    return streams
  }

  /// Adds all requests to the scheduler, or none.
  private func queue(_ requests: [GenerationRequest], at time: ContinuousClock.Instant) throws -> [RequestShape] {
    var shapes: [RequestShape] = []
    do {
      for (index, request) in requests.enumerated() {
        try request.sampling.validate()
        try files.check(request.prompt, source: "prompt \(index + 1)")
        let keys =
          sharesBlocks(request) ? BlockKey.chain(request.prompt, blockSize: Self.blockSize, secret: secret) : []
        let shape = RequestShape(
          id: RequestID(nextID), promptTokens: request.prompt.count, maxTokens: request.maxTokens,
          arrival: (time - start).seconds, priority: request.priority, blockKeys: keys)
        try scheduler.add(shape)
        nextID += 1
        shapes.append(shape)
      }
    } catch {
      for shape in shapes { scheduler.cancel(shape.id) }
      throw error
    }
    return shapes
  }

  private func sharesBlocks(_ request: GenerationRequest) -> Bool {
    prefixCaching && request.capture?.needsWholePrompt != true
  }

  private func cancel(_ id: RequestID) {
    guard clients.removeValue(forKey: id) != nil else { return }
    scheduler.cancel(id)
    forgetDropped()
  }

  // MARK: The loop

  private func run() async {
    while let plan = scheduler.nextPlan(now: (ContinuousClock.now - start).seconds) {
      do {
        let began = ContinuousClock.now
        let outcome = try runner.execute(plan, blocks: scheduler.blocks)
        scheduler.complete(plan, outcome, seconds: (ContinuousClock.now - began).seconds)
        for id in outcome.advanced { advance(id) }
      } catch {
        // The requests that the plan concerns end; the others go on.
        scheduler.abandon(plan)
        runner.reset()
        for id in plan.decode + plan.prefill.flatMap(\.slices).map(\.request) {
          clients.removeValue(forKey: id)?.continuation.finish(throwing: error)
        }
      }
      forgetDropped()
      await Task.yield()
    }
    loop = nil
  }

  /// Sends a request's newest token on.
  private func advance(_ id: RequestID) {
    guard let sequence = runner.sequences[id], var client = clients[id], let token = sequence.generated.last else {
      return
    }
    client.lastToken = ContinuousClock.now - client.submitted
    client.firstToken = client.firstToken ?? client.lastToken
    let reason = sequence.finishReason
    var text = client.decoder?.append(token) ?? ""
    if reason != nil { text += client.decoder?.finish() ?? "" }
    client.text += text
    client.continuation.yield(.token(token, text: text))
    if let reason {
      client.continuation.yield(.finished(result(of: sequence, client, reason)))
      client.continuation.finish()
      clients[id] = nil
    } else {
      clients[id] = client
    }
  }

  private func result(of sequence: Sequence, _ client: Client, _ reason: FinishReason) -> GenerationResult {
    let first = client.firstToken?.seconds ?? 0
    let gaps = sequence.generated.count - 1
    return GenerationResult(
      promptTokens: sequence.request.prompt.count, tokens: sequence.generated, text: client.text, finishReason: reason,
      timeToFirstToken: first,
      meanTimeBetweenTokens: gaps > 0 ? (client.lastToken.seconds - first) / Double(gaps) : nil,
      duration: client.lastToken.seconds, capture: sequence.capture)
  }

  /// Sequences whose request is gone from the scheduler.
  private func forgetDropped() {
    for id in runner.sequences.keys where clients[id] == nil && !scheduler.contains(id) { runner.sequences[id] = nil }
  }

  // MARK: Reports

  /// Preemptions and shared prompt tokens so far.
  package var schedulerStatistics: SchedulerStatistics { scheduler.statistics }

  /// Bytes of experts' weights read since the engine was made, by phase. Waits for the device.
  package func expertTraffic() throws -> ExpertTraffic {
    var traffic = ExpertTraffic()
    for (loads, bytes) in zip(try runner.expertLoads(), expertBytes) {
      traffic.decodeBytes += loads.decode * bytes
      traffic.prefillBytes += loads.prefill * bytes
    }
    return traffic
  }
}

/// Experts' weights read from device memory: counted from what routers chose, each expert once a launch.
package struct ExpertTraffic: Sendable, Equatable {
  /// In iterations and layers with decode rows only.
  package var decodeBytes = 0
  /// At layers inside a prefill tile, with the decode rows that share the loads.
  package var prefillBytes = 0
}
