import Backend
import Checkpoints
package import Models
package import OpenCL
package import OpenCLBackend
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
  package nonisolated let memory: MemoryPlan
  private let tokenizer: Tokenizer?
  private var runner: any SequenceExecutor
  private let expertBytes: [Int]
  private var scheduler: Scheduler
  private var totals = IterationTotals()
  private var ledgerAtRestart: Ledger
  private var useAtRestart: ExpertUse
  /// What passes had read and moved before this iteration, if each iteration's account is kept.
  private var accountBefore: Ledger.Entry?
  private var clients: [RequestID: Client] = [:]
  private var nextID = 0
  private var loop: Task<Void, Never>?
  private var observers = EngineObservers()
  /// Takes the scheduler's place as soon as no prompt is in the middle of the layers.
  private var nextPolicy: (any Policy)?
  /// The engine's clock, and the scheduler's, begins here.
  package nonisolated let start = ContinuousClock.now
  private let prefixCaching: Bool
  private let cacheBlocks: Int
  /// Nil unless the engine was made for profiling, on a device.
  private let profiled: OpenCLBackend?
  /// What is alive in the device's context; nil for the reference. It may be asked when the engine is gone.
  package nonisolated let allocations: AllocationLedger?
  /// Of the keys of KV blocks.
  private let secret = SipHash.Key.random()

  /// Who listens to a request, and what it was told.
  private struct Client {
    let sink: EventSink
    /// Seconds on the engine's clock.
    let arrival: Double
    let inSystemAtArrival: Int
    /// When the first of its prompt began to pass the model.
    var began: Double?
    var decoder: StreamingDecoder?
    var text = ""
    var tokenTimes: [Double] = []
  }

  /// Loads the model to the device, on the caller's thread.
  ///
  /// - Parameters:
  ///   - tokenizer: turns tokens into text; without one there is no text.
  ///   - progress: told while weights are loaded.
  ///   - building: told the path of each kernel's source before it is built, which may take a second the first time.
  /// - Throws: what is wrong with the model or the device, or that the device is too small.
  package init(
    _ files: ModelFiles, tokenizer: Tokenizer?, options: EngineOptions,
    progress: @escaping LoadProgress = { _, _ in }, building: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    let model = files.description
    let blocks = Self.blocks(options)
    let cache = model.kvCache(blockCount: blocks, blockSize: Self.blockSize)
    let weights = WeightSizes(files, options.devicePlan)
    memory = MemoryPlan(files, options, weights)
    try memory.check(options)
    let loaded: (runner: any SequenceExecutor, expertBytes: [Int])
    switch options.device {
    case .reference:
      profiled = nil
      allocations = nil
      let backend = ReferenceBackend(activations: options.activations ?? .float32)
      loaded = try Self.load(files, on: backend, cache: cache, weights: weights, warmUp: [], progress)
    case .openCL(let device):
      var experts = options.experts
      if !memory.fitsAll {
        experts.budget = memory.budget
        experts.reserve = memory.activations
      }
      let backend = try OpenCLBackend(
        device, plan: options.devicePlan, cache: options.programCache, experts: experts, profiling: options.profiling,
        kernels: options.kernels)
      backend.allocations.limit = memory.budget
      profiled = options.profiling ? backend : nil
      allocations = backend.allocations
      backend.beforeBuilding(building)
      let batches = options.warmedBatches
      if let filter = options.opFilter, !filter.families.isEmpty {
        let filtered = FilteredBackend(backend, filter)
        loaded = try Self.load(files, on: filtered, cache: cache, weights: weights, warmUp: batches, progress)
      } else {
        loaded = try Self.load(files, on: backend, cache: cache, weights: weights, warmUp: batches, progress)
      }
    }
    runner = loaded.runner
    if let recorder = profiled?.recorder {
      runner.willRun = { recorder.place = LaunchPlace(layer: $0, group: $1) }
    }
    expertBytes = loaded.expertBytes
    // What warming up has moved is not a request's.
    ledgerAtRestart = try Self.ledger(of: loaded.runner, expertBytes: loaded.expertBytes)
    useAtRestart = try ExpertUse(loaded.runner)
    accountBefore = options.recordsIterations ? ledgerAtRestart.total : nil
    self.files = files
    self.tokenizer = tokenizer
    prefixCaching = options.prefixCaching
    cacheBlocks = blocks
    scheduler = Scheduler(
      policy: options.policy, layerCount: model.layerCount,
      limits: Scheduler.Limits(
        maxRequests: options.maxRequests, maxBatchedTokens: Self.plannedTokens(files, options),
        maxPositions: min(model.maxPositions, options.maxPositions ?? .max),
        streamed: runner.expertTransfers.streamed(model)),
      pool: BlockPool(blockCount: blocks, blockSize: Self.blockSize))
  }

  /// Positions of a KV block.
  package static let blockSize = OpenCLBackend.blockSize

  // MARK: Requests

  /// Queues requests together, and starts to work; each gets its events.
  ///
  /// A stream that is dropped cancels its request.
  ///
  /// - Parameter arrival: from when on their times count; now, before the engine is through with what it is at.
  /// - Throws: `EngineError` or `SchedulingError` for one that can never run; then none is queued.
  package func submit(
    _ requests: [GenerationRequest], at arrival: ContinuousClock.Instant = .now
  ) throws -> [AsyncThrowingStream<GenerationEvent, any Error>] {
    let streams = requests.map { _ in AsyncThrowingStream<GenerationEvent, any Error>.makeStream() }
    let ids = try start(requests, at: arrival) { index in
      let continuation = streams[index].continuation
      return EventSink(give: { continuation.yield($0) }, end: { continuation.finish(throwing: $0) })
    }
    for (id, stream) in zip(ids, streams) {
      stream.continuation.onTermination = { [weak self] reason in
        guard case .cancelled = reason, let self else { return }
        Task { await self.cancel(id) }
      }
    }
    return streams.map(\.stream)
  }

  /// As `submit`, with a sink for the events of each request, by its index.
  /// - Returns: the requests' names, by which they can be cancelled.
  package func start(
    _ requests: [GenerationRequest], at arrival: ContinuousClock.Instant = .now, sink: (Int) -> EventSink
  ) throws -> [RequestID] {
    let inSystem = clients.count
    let shapes = try queue(requests, at: arrival)
    for (index, (shape, request)) in zip(shapes, requests).enumerated() {
      runner.sequences[shape.id] = Sequence(
        request, blockKeys: shape.blockKeys, secret: sharesBlocks(request) ? secret : nil)
      clients[shape.id] = Client(
        sink: sink(index), arrival: shape.arrival, inSystemAtArrival: inSystem,
        decoder: tokenizer.map { StreamingDecoder($0) })
      observers.send(
        .submitted(
          shape.id, promptTokens: shape.promptTokens, maxTokens: shape.maxTokens, time: shape.arrival,
          waiting: scheduler.waitingCount))
    }
    if loop == nil { loop = Task { await self.run() } }
    return shapes.map(\.id)
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

  /// Drops a request, which gets no more events; nothing for one that has ended.
  package func cancel(_ id: RequestID) {
    guard clients.removeValue(forKey: id) != nil else { return }
    scheduler.cancel(id)
    runner.sequences[id] = nil
    observers.send(.cancelled(id, time: now, load: currentLoad))
  }

  // MARK: The loop

  private func run() async {
    while let plan = nextPlan() {
      do {
        let began = ContinuousClock.now
        let load = scheduler.load(of: plan)
        for slice in plan.prefill.flatMap(\.slices) where clients[slice.request]?.began == nil {
          clients[slice.request]?.began = (began - start).seconds
        }
        let outcome = try runner.execute(plan, blocks: scheduler.blocks)
        let seconds = (ContinuousClock.now - began).seconds
        scheduler.complete(plan, outcome, seconds: seconds)
        totals.iterations += 1
        totals.decodeRows += plan.decode.count
        let reasons = outcome.finished.reduce(into: [:]) { $0[$1] = runner.sequences[$1]?.finishReason }
        // Whoever waits for a token comes before those who watch.
        let now = now
        let urgent = outcome.advanced.filter(isUrgent), others = outcome.advanced.filter { !isUrgent($0) }
        for id in urgent + others { advance(id, now) }
        for (id, reason) in outcome.failed { fail(id, EngineError(reason)) }
        try record(plan, began: (began - start).seconds, seconds: seconds)
        try report(plan, load, outcome, reasons, began: (began - start).seconds, seconds: seconds)
      } catch {
        // The requests that the plan concerns end; the others go on.
        scheduler.abandon(plan)
        runner.reset()
        let concerned = plan.decode + plan.prefill.flatMap(\.slices).map(\.request)
        observers.send(.failed(concerned, time: now, load: currentLoad))
        for id in concerned { fail(id, error) }
      }
      await Task.yield()
    }
    loop = nil
  }

  private func nextPlan() -> IterationPlan? {
    if let policy = nextPolicy, scheduler.take(policy) { nextPolicy = nil }
    return scheduler.nextPlan()
  }

  /// Tells those who watch what an iteration was.
  private func report(
    _ plan: IterationPlan, _ load: IterationLoad, _ outcome: IterationOutcome, _ reasons: [RequestID: FinishReason],
    began: Double, seconds: Double
  ) throws {
    guard observers.isWatched else { return }
    let predicted = observers.observe(load, seconds: seconds)
    let wantsLedger = observers.wantsLedger(at: began + seconds, isLast: scheduler.isIdle)
    observers.send(
      .iteration(
        EngineIteration(
          began: began, seconds: seconds, predicted: predicted, plan: plan, outcome: outcome,
          reasons: reasons, load: currentLoad, statistics: scheduler.statistics, policy: scheduler.policy.name,
          ledger: wantsLedger ? try ledger() : nil)))
  }

  private var currentLoad: EngineLoad {
    EngineLoad(
      waiting: scheduler.waitingCount, prefilling: scheduler.prefillingCount, running: scheduler.runningCount,
      freeBlocks: scheduler.freeBlockCount, blocks: scheduler.blockCount)
  }

  /// Keeps what an iteration has read and moved.
  private func record(_ plan: IterationPlan, began: Double, seconds: Double) throws {
    guard let before = accountBefore else { return }
    let account = try wholeLedger().total
    totals.records.append(IterationRecord(began: began, seconds: seconds, plan: plan, account: account - before))
    accountBefore = account
  }

  private func fail(_ id: RequestID, _ error: any Error) {
    clients.removeValue(forKey: id)?.sink.end(error)
    runner.sequences[id] = nil
  }

  /// Seconds on the engine's clock.
  private var now: Double { (ContinuousClock.now - start).seconds }

  /// Whether a request's newest token is its first or its last: what is done with the tokens of one iteration takes its turn, and
  /// for these somebody waits who has nothing, or comes with the next request.
  private func isUrgent(_ id: RequestID) -> Bool {
    clients[id]?.tokenTimes.isEmpty == true || runner.sequences[id]?.finishReason != nil
  }

  /// Sends a request's newest token on.
  private func advance(_ id: RequestID, _ now: Double) {
    guard let sequence = runner.sequences[id], var client = clients[id], let token = sequence.generated.last else {
      return
    }
    client.tokenTimes.append(now)
    let reason = sequence.finishReason
    var text = client.decoder?.append(token) ?? ""
    if reason != nil { text += client.decoder?.finish() ?? "" }
    client.text += text
    if client.tokenTimes.count == 1, let prompt = sequence.capture?.promptLogprobs, !prompt.isEmpty {
      client.sink.give(.prompt(prompt))
    }
    client.sink.give(.token(token, text: text, logprobs: sequence.newestLogprobs))
    if let reason {
      client.sink.give(.finished(result(of: sequence, client, reason)))
      client.sink.end(nil)
      clients[id] = nil
      runner.sequences[id] = nil
    } else {
      clients[id] = client
    }
  }

  private func result(of sequence: Sequence, _ client: Client, _ reason: FinishReason) -> GenerationResult {
    GenerationResult(
      promptTokens: sequence.request.prompt.count, tokens: sequence.generated, text: client.text, finishReason: reason,
      arrival: client.arrival, began: client.began, tokenTimes: client.tokenTimes,
      inSystemAtArrival: client.inSystemAtArrival,
      capture: sequence.capture)
  }

  // MARK: Watching and steering

  /// What happens from now on, to requests and in iterations, until the stream is dropped.
  package func observe() -> AsyncStream<EngineEvent> { observers.add() }

  /// Schedules by another policy as soon as no prompt is in the middle of the layers.
  /// - Parameter time: what `adaptive` knows of the device: what was learned while somebody watched.
  /// - Throws: `SchedulingError` if an option does not go with the policy or the model, and for a policy that cuts no
  ///   prompts where memory was not planned for the longest one.
  package func setPolicy(_ options: PolicyOptions) throws {
    let policy = try options.policy(layerCount: scheduler.layerCount, time: observers.time)
    let longest = min(scheduler.limits.maxPositions, cacheBlocks * Self.blockSize)
    guard policy.cutsPrompts || longest <= scheduler.limits.maxBatchedTokens else {
      throw SchedulingError(
        "policy \(policy.name) cuts no prompt: memory was planned for \(scheduler.limits.maxBatchedTokens) tokens together, "
          + "but a prompt may have \(longest)")
    }
    nextPolicy = policy
    if scheduler.take(policy) { nextPolicy = nil }
  }

  // MARK: Runs

  /// Begins anew with another policy, as if the engine had just been made: no KV block has contents, nothing is counted.
  /// - Throws: `EngineError` while there are requests.
  package func restart(_ policy: any Policy) throws {
    guard clients.isEmpty, scheduler.isIdle else { throw EngineError("the engine has requests, and cannot restart") }
    scheduler = Scheduler(
      policy: policy, layerCount: scheduler.layerCount, limits: scheduler.limits,
      pool: BlockPool(blockCount: cacheBlocks, blockSize: Self.blockSize))
    try countAnew()
  }

  /// Counts from here on, with what the cache holds.
  package func countAnew() throws {
    totals = IterationTotals()
    ledgerAtRestart = try wholeLedger()
    useAtRestart = try ExpertUse(runner)
    if accountBefore != nil { accountBefore = ledgerAtRestart.total }
  }

  /// The launches and copies since the last call, in an engine made for profiling. Waits for the device.
  package func takeRecords() throws -> (launches: [LaunchRecord], transfers: [TransferRecord]) {
    guard let profiled else { return ([], []) }
    return (try profiled.recorder?.take() ?? [], profiled.takeTransfers())
  }

  /// With what it has learned.
  package var policy: any Policy { scheduler.policy }

  /// Preemptions and shared prompt tokens so far.
  package var schedulerStatistics: SchedulerStatistics { scheduler.statistics }

  /// Waits until all experts that have a place of their own are on the device: until then some come when they are needed.
  package func finishLoading() throws { try runner.finishLoading() }

  /// Bytes in buffers of the device at most so far; nil without a device.
  package var peakDeviceBytes: Int? { runner.allocatedBytes?.peak }

  /// Rows that each expert had since the engine was made, [layers][experts]. Waits for the device.
  package func expertRows() throws -> [[Int]] { try runner.expertRows() }

  /// What the iterations added up to since the engine was made or `restart` was called, without what is known of single
  /// requests. Waits for the device.
  package func iterationTotals() throws -> IterationTotals {
    var totals = totals
    totals.ledger = try ledger()
    totals.preemptions = scheduler.statistics.preemptions
    return totals
  }

  /// What was read and moved since the engine was made or `restart` was called. Waits for the device.
  package func ledger() throws -> Ledger {
    var ledger = try wholeLedger() - ledgerAtRestart
    try ExpertUse(runner).count(since: useAtRestart, in: &ledger)
    return ledger
  }

  /// Without the counts of different experts.
  private func wholeLedger() throws -> Ledger { try Self.ledger(of: runner, expertBytes: expertBytes) }

  private static func ledger(of runner: any SequenceExecutor, expertBytes: [Int]) throws -> Ledger {
    try Ledger(
      traffic: runner.memoryTraffic, loads: runner.expertLoads(), expertBytes: expertBytes,
      transfers: runner.expertTransfers)
  }
}
