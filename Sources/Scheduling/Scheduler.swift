/// Decides every iteration: who decodes, which tile of prefill joins, and which KV blocks they use.
///
/// A value without a device or a clock. The loop is `nextPlan`, execute, `complete`. A request is admitted, first come
/// first served, when the blocks for its whole life are free, so a running one never has to give way.
package struct Scheduler: Sendable {
  /// Limits that hold for every policy.
  package struct Limits: Sendable, Equatable {
    /// Requests that are under way or running at once.
    package var maxRequests = 256
    /// Prompt tokens that pass the model together, where the policy cuts prompts.
    package var maxBatchedTokens = 8192
    /// Positions of one sequence: the model's context.
    package var maxPositions: Int

    package init(maxRequests: Int = 256, maxBatchedTokens: Int = 8192, maxPositions: Int) {
      self.maxRequests = maxRequests
      self.maxBatchedTokens = maxBatchedTokens
      self.maxPositions = maxPositions
    }
  }

  package let policy: any Policy
  package let layerCount: Int
  package let limits: Limits
  private var pool: BlockPool

  /// Not admitted yet, first come first.
  private var queue: [RequestShape] = []
  /// Admitted prompts that are not complete, in order of admission, with the tokens they have through all layers.
  private var prefilling: [(request: RequestShape, done: Int)] = []
  /// The slices in the carry and the layer they pass next.
  private var underWay: (slices: [PrefillTile.Slice], nextLayer: Int)?
  /// Requests that decode, in the order in which they began to.
  private var running: [RequestID] = []
  /// Requests to drop as soon as their prompt's tile is through.
  private var cancelled: Set<RequestID> = []
  /// The KV blocks of every admitted request.
  package private(set) var blocks: BlockTables = [:]

  package init(policy: any Policy, layerCount: Int, limits: Limits, pool: BlockPool) {
    self.policy = policy
    self.layerCount = layerCount
    self.limits = limits
    self.pool = pool
  }

  package var isIdle: Bool { queue.isEmpty && prefilling.isEmpty && running.isEmpty }
  package var waitingCount: Int { queue.count }
  package var runningCount: Int { running.count }
  package var freeBlockCount: Int { pool.freeCount }

  /// Whether a request waits, is under way or runs.
  package func contains(_ id: RequestID) -> Bool { blocks[id] != nil || queue.contains { $0.id == id } }

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
    guard request.positions <= limits.maxPositions else {
      throw SchedulingError(
        "a prompt of \(request.promptTokens) tokens and \(request.maxTokens) new ones need \(request.positions) "
          + "positions, but the context holds \(limits.maxPositions)")
    }
    guard pool.blocks(for: request.positions) <= pool.blockCount else {
      throw SchedulingError(
        "\(request.positions) positions need \(pool.blocks(for: request.positions)) KV blocks of \(pool.blockSize), "
          + "but the cache has \(pool.blockCount)")
    }
    queue.append(request)
  }

  /// Drops a request: at once, or, while its prompt is in a tile with others, when that tile has passed all layers.
  package mutating func cancel(_ id: RequestID) {
    queue.removeAll { $0.id == id }
    if underWay?.slices.contains(where: { $0.request == id }) == true {
      cancelled.insert(id)
    } else {
      drop(id)
    }
  }

  /// The next iteration, or nil if there is nothing to do.
  package mutating func nextPlan() -> IterationPlan? {
    admit()
    let view = PrefillView(
      layerCount: layerCount, maxBatchedTokens: limits.maxBatchedTokens, underWay: underWay,
      waiting: prefilling.map { .init(request: $0.request.id, tokens: $0.done..<$0.request.promptTokens) },
      decodeCount: running.count)
    let plan = IterationPlan(decode: running, prefill: policy.nextTile(view))
    guard plan.prefill != nil || !plan.decode.isEmpty else { return nil }
    checkInvariants(plan)
    return plan
  }

  /// Takes note of an executed plan.
  package mutating func complete(_ plan: IterationPlan, _ outcome: IterationOutcome) {
    if let tile = plan.prefill {
      if tile.layers.upperBound < layerCount {
        underWay = (tile.slices, tile.layers.upperBound)
      } else {
        underWay = nil
        for slice in tile.slices { completeSlice(slice) }
      }
    }
    for id in outcome.finished { drop(id) }
    if underWay == nil {
      for id in cancelled { drop(id) }
      cancelled = []
    }
  }

  /// Drops every request of a plan that could not be executed.
  package mutating func abandon(_ plan: IterationPlan) {
    underWay = nil
    for id in plan.decode + (plan.prefill?.slices.map(\.request) ?? []) { drop(id) }
    cancelled = []
  }

  private mutating func completeSlice(_ slice: PrefillTile.Slice) {
    guard let index = prefilling.firstIndex(where: { $0.request.id == slice.request }) else { return }
    prefilling[index].done = slice.tokens.upperBound
    if prefilling[index].done == prefilling[index].request.promptTokens {
      prefilling.remove(at: index)
      running.append(slice.request)
    }
  }

  /// Admits from the front of the queue while there are blocks and places.
  private mutating func admit() {
    while let request = queue.first, running.count + prefilling.count < limits.maxRequests,
      let taken = pool.allocate(pool.blocks(for: request.positions))
    {
      queue.removeFirst()
      blocks[request.id] = taken
      prefilling.append((request, 0))
    }
  }

  private mutating func drop(_ id: RequestID) {
    running.removeAll { $0 == id }
    prefilling.removeAll { $0.request.id == id }
    if let taken = blocks.removeValue(forKey: id) { pool.release(taken) }
  }

  /// In debug builds: no block has two owners, none is lost, every running request decodes, a tile goes on where the
  /// one before it stopped.
  private func checkInvariants(_ plan: IterationPlan) {
    #if DEBUG
      let owned = blocks.values.joined()
      assert(Set(owned).count == owned.count, "a KV block has two owners")
      assert(owned.count + pool.freeCount == pool.blockCount, "a KV block was lost")
      assert(Set(plan.decode) == Set(running), "a running request does not decode")
      if let tile = plan.prefill {
        assert(tile.layers.lowerBound == underWay?.nextLayer ?? 0, "a tile skips layers")
        assert(underWay == nil || tile.slices == underWay?.slices ?? [], "a tile drops what is in the carry")
        assert(!tile.layers.isEmpty && tile.layers.upperBound <= layerCount && tile.tokenCount > 0, "an empty tile")
      }
    #endif
  }
}
