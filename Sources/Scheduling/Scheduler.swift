/// Decides every iteration: who decodes, which tiles of prefill join, and which KV blocks they use.
///
/// A value without a device or a clock. The loop is `nextPlan`, execute, `complete`. A request is admitted
/// when the blocks for the tokens that it has are free, and takes another block when it needs one. If there is none,
/// the request that is last in turn gives all of its blocks up and begins again later: what it had generated passes the
/// model as a part of its prompt then, so no token is lost, and none comes twice.
package struct Scheduler: Sendable {
  /// Limits that hold for every policy.
  package struct Limits: Sendable, Equatable {
    /// Requests that are under way or running at once.
    package var maxRequests: Int
    /// Prompt tokens that pass the model together, where the policy cuts prompts.
    package var maxBatchedTokens: Int
    /// Positions of one sequence: the model's context.
    package var maxPositions: Int
    /// Nil if all experts are on the device.
    package var streamed: StreamedExperts?

    package init(
      maxRequests: Int = 256, maxBatchedTokens: Int = 8192, maxPositions: Int, streamed: StreamedExperts? = nil
    ) {
      self.maxRequests = maxRequests
      self.maxBatchedTokens = maxBatchedTokens
      self.maxPositions = maxPositions
      self.streamed = streamed
    }

    /// - Throws: `SchedulingError` naming the option of a user that is below 1; nil is a default.
    package static func check(maxRequests: Int, maxBatchedTokens: Int?) throws(SchedulingError) {
      for (option, value) in [("max-num-batched-tokens", maxBatchedTokens ?? 1), ("max-num-seqs", maxRequests)]
      where value < 1 {
        throw SchedulingError("\(option) is \(value), expected 1 or more")
      }
    }
  }

  /// An admitted request.
  struct Life {
    let shape: RequestShape
    /// Tokens generated so far.
    var generated: Int
    /// Positions whose keys and values are complete in all layers.
    var completed: Int
    /// The keys of its full blocks, and how many of these blocks are published.
    var keys: [BlockKey]
    var published: Int

    /// Positions that its blocks hold.
    var capacity: Int

    /// Tokens that it has: those of the prompt and those generated.
    var length: Int { shape.promptTokens + generated }
    /// Whether it may have blocks that are complete and not published.
    func canPublish(_ blockSize: Int) -> Bool { published < min(completed / blockSize, keys.count) }
  }

  package private(set) var policy: any Policy
  package let layerCount: Int
  package let limits: Limits
  private(set) var pool: BlockPool

  private(set) var waiting = WaitingQueue()
  /// Admitted requests, by what they do.
  private var lives: [RequestID: Life] = [:]
  /// Prompts that are not complete, in order of admission.
  private(set) var prefilling: [Prefill] = []
  /// Requests that decode, in the order in which they began to.
  private(set) var running: [RequestID] = []
  /// The KV blocks of every admitted request.
  package private(set) var blocks: BlockTables = [:]
  private var preempted: [RequestID] = []
  /// What decodes in the newest plan.
  private var decode = DecodeLoad(rows: 0, positions: 0)
  package private(set) var statistics = SchedulerStatistics()

  package init(policy: any Policy, layerCount: Int, limits: Limits, pool: BlockPool) {
    self.policy = policy
    self.layerCount = layerCount
    self.limits = limits
    self.pool = pool
  }

  package var isIdle: Bool { waiting.isEmpty && lives.isEmpty }
  package var waitingCount: Int { waiting.count }
  package var runningCount: Int { running.count }
  package var prefillingCount: Int { prefilling.count }
  package var freeBlockCount: Int { pool.freeCount }
  package var blockCount: Int { pool.blockCount }

  /// Takes another policy from the next plan on; false, with nothing changed, while tokens are in the middle of the
  /// layers, since only the policy that cut their tile can go on with it.
  package mutating func take(_ policy: any Policy) -> Bool {
    guard prefilling.allSatisfy({ $0.underWay == nil }) else { return false }
    self.policy = policy
    return true
  }

  /// Whether a request waits, is under way or runs.
  package func contains(_ id: RequestID) -> Bool { lives[id] != nil || waiting.contains(id) }

  /// Queues a request.
  /// - Throws: `SchedulingError` if it can never run: an empty prompt, or longer than the context or the KV cache.
  package mutating func add(_ request: RequestShape) throws(SchedulingError) {
    guard request.promptTokens > 0 else { throw SchedulingError("the prompt is empty: it has no token") }
    guard request.maxTokens > 0 else {
      throw SchedulingError("max tokens is \(request.maxTokens), expected at least 1")
    }
    guard request.promptTokens <= limits.maxPositions else {
      throw SchedulingError(
        "the prompt has \(request.promptTokens) tokens, but the context holds \(limits.maxPositions)")
    }
    guard request.maxTokens - 1 <= limits.maxPositions - request.promptTokens else {
      throw SchedulingError(
        "a prompt of \(request.promptTokens) tokens and \(request.maxTokens) new ones need \(request.positions) "
          + "positions, but the context holds \(limits.maxPositions)")
    }
    guard pool.blocks(for: request.positions) <= pool.blockCount else {
      throw SchedulingError(
        "\(request.positions) positions need \(pool.blocks(for: request.positions)) KV blocks of \(pool.blockSize), "
          + "but the cache has \(pool.blockCount)")
    }
    waiting.insert(WaitingQueue.Entry(shape: request, generated: 0, keys: request.blockKeys))
  }

  /// Drops a request at once, wherever it is; its blocks are free again.
  package mutating func cancel(_ id: RequestID) {
    if waiting.remove(id) == nil { drop(id) }
  }

  /// The next iteration, or nil if there is nothing to do.
  package mutating func nextPlan() -> IterationPlan? {
    preempted = []
    growRunning()
    decode = DecodeLoad(rows: running.count, positions: running.reduce(0) { $0 + (lives[$1]?.length ?? 0) })
    // Who has just given way would be the first to come back.
    if preempted.isEmpty || lives.isEmpty { admit() }
    let tiles = policy.nextTiles(view)
    let plan = IterationPlan(decode: running, prefill: tiles, preempted: preempted)
    guard !plan.prefill.isEmpty || !plan.decode.isEmpty else { return nil }
    checkInvariants(plan)
    return plan
  }

  /// Takes note of an executed plan.
  ///
  /// - Parameter seconds: how long it took, if that is known.
  package mutating func complete(_ plan: IterationPlan, _ outcome: IterationOutcome, seconds: Double? = nil) {
    if let seconds { policy.observe(load(of: plan), seconds: seconds) }
    // What a decoding request was given has its keys and values now.
    for id in plan.decode { lives[id]?.completed += 1 }
    for tile in plan.prefill {
      for slice in tile.slices { advance(slice, to: tile.layers.upperBound) }
    }
    for id in outcome.advanced {
      guard let place = lives.index(forKey: id) else { continue }
      lives.values[place].generated += 1
      if !outcome.filled.isEmpty, let key = outcome.filled[id] { lives.values[place].keys.append(key) }
      if lives.values[place].canPublish(pool.blockSize) { publish(id) }
    }
    for id in outcome.finished { drop(id) }
    for id in outcome.failed.keys { drop(id) }
  }

  /// Drops every request of a plan that could not be executed.
  package mutating func abandon(_ plan: IterationPlan) {
    for id in plan.decode { drop(id) }
    for slice in plan.prefill.flatMap(\.slices) { drop(slice.request) }
    // The carry is lost, too: who waits in it begins its chunk again.
    for index in prefilling.indices { prefilling[index].underWay = nil }
  }

  /// The first token of an admitted prompt that is not through all layers; those before it may have come from shared
  /// blocks. Nil for who does not prefill.
  package func firstOpenToken(of id: RequestID) -> Int? { prefilling.first { $0.id == id }?.done }

  // MARK: Inside

  private mutating func advance(_ slice: PrefillTile.Slice, to layer: Int) {
    guard let index = prefilling.firstIndex(where: { $0.id == slice.request }) else { return }
    guard layer == layerCount else {
      prefilling[index].underWay = (slice.tokens, layer)
      return
    }
    prefilling[index].underWay = nil
    prefilling[index].done = slice.tokens.upperBound
    lives[slice.request]?.completed = slice.tokens.upperBound
    if prefilling[index].done == prefilling[index].length {
      prefilling.remove(at: index)
      running.append(slice.request)
    } else {
      publish(slice.request)
    }
  }

  /// Lets others share the request's blocks that are complete.
  private mutating func publish(_ id: RequestID) {
    guard var life = lives[id], life.canPublish(pool.blockSize), let own = blocks[id] else { return }
    let complete = min(life.completed / pool.blockSize, life.keys.count)
    for index in life.published..<complete { pool.publish(own[index], life.keys[index]) }
    life.published = complete
    lives[id] = life
  }

  /// Sees to it that every running request has a block for the position that it decodes.
  private mutating func growRunning() {
    var needy: [(turn: Turn, id: RequestID)] = []
    for id in running {
      guard let life = lives[id], life.length > life.capacity else { continue }
      needy.append((life.shape.turn, id))
    }
    guard !needy.isEmpty else { return }
    // First come, first served: who is last in turn gives way.
    needy.sort { $0.turn < $1.turn }
    for (_, id) in needy {
      while lives[id] != nil {
        if let block = pool.allocate(1) {
          blocks[id]?.append(contentsOf: block)
          lives[id]?.capacity += pool.blockSize
          break
        }
        guard let last = lives.values.max(by: { $0.shape.turn < $1.shape.turn })?.shape.id else { break }
        preempt(last)
      }
    }
  }

  /// Takes a request's blocks away and puts it back among those that wait.
  private mutating func preempt(_ id: RequestID) {
    guard let life = lives[id] else { return }
    drop(id)
    waiting.insert(WaitingQueue.Entry(shape: life.shape, generated: life.generated, keys: life.keys))
    preempted.append(id)
    statistics.preemptions += 1
  }

  /// Admits who the policy wants, in its order, while there are blocks and places.
  private mutating func admit() {
    guard !waiting.isEmpty, lives.count < limits.maxRequests else { return }
    for id in policy.admissions(view, waiting: waiting) {
      guard lives.count < limits.maxRequests, admit(id) else { return }
    }
  }

  /// Admits one request; false if there are too few blocks.
  private mutating func admit(_ id: RequestID) -> Bool {
    guard let entry = waiting.remove(id) else { return true }
    // The last token is always computed, since its logits are wanted: its block is not shared.
    let shareable = entry.keys.prefix((entry.length - 1) / pool.blockSize)
    let match = pool.match(shareable)
    let wanted = pool.blocks(for: entry.length) - match.blocks
    // Every running request can go on for a block before somebody has to give way.
    let reserve = lives.isEmpty ? 0 : running.count
    guard wanted + match.idle + reserve <= pool.freeCount else {
      waiting.insert(entry)
      return false
    }
    let shared = pool.share(shareable)
    guard let own = pool.allocate(wanted) else {
      pool.release(shared)
      waiting.insert(entry)
      return false
    }
    let done = shared.count * pool.blockSize
    blocks[id] = shared + own
    lives[id] = Life(
      shape: entry.shape, generated: entry.generated, completed: done, keys: entry.keys, published: shared.count,
      capacity: (shared.count + own.count) * pool.blockSize)
    prefilling.append(Prefill(id: id, done: done, length: entry.length))
    statistics.promptTokens += entry.length
    statistics.sharedTokens += done
    return true
  }

  private mutating func drop(_ id: RequestID) {
    guard lives.removeValue(forKey: id) != nil else { return }
    running.removeAll { $0 == id }
    prefilling.removeAll { $0.id == id }
    if let taken = blocks.removeValue(forKey: id) { pool.release(taken) }
  }

  /// What a policy sees.
  private var view: PrefillView {
    PrefillView(
      layerCount: layerCount, maxBatchedTokens: limits.maxBatchedTokens, decode: decode, prompts: prefilling,
      streamed: limits.streamed)
  }

  /// What the newest plan asks of whoever executes it.
  package func load(of plan: IterationPlan) -> IterationLoad {
    IterationLoad(layerCount: layerCount, decode: decode, tiles: plan.prefill)
  }

  /// In debug builds: no block is lost or has an owner that does not know it, every running request decodes, a tile goes
  /// on where the one before it stopped, and nobody is in two tiles.
  private func checkInvariants(_ plan: IterationPlan) {
    #if DEBUG
      assert(pool.isConsistent(with: blocks.values), "the KV blocks and their owners do not agree")
      assert(plan.decode == running, "a running request does not decode")
      var seen: Set<RequestID> = []
      for tile in plan.prefill {
        assert(!tile.layers.isEmpty && tile.layers.upperBound <= layerCount && tile.tokenCount > 0, "an empty tile")
        for slice in tile.slices {
          assert(seen.insert(slice.request).inserted, "\(slice.request) is in two tiles")
          let prompt = prefilling.first { $0.id == slice.request }
          assert(prompt?.allows(slice.tokens, from: tile.layers.lowerBound) == true, "\(slice) skips work")
        }
      }
    #endif
  }
}

/// Counts since the scheduler was made.
package struct SchedulerStatistics: Sendable, Equatable {
  /// Times that a request had to give its blocks up.
  package var preemptions = 0
  /// Tokens of admitted prompts, and those of them whose blocks were shared instead of computed.
  package var promptTokens = 0
  package var sharedTokens = 0

  package init() {}
}
