package import Scheduling

/// Executes plans on a virtual clock: nothing is computed but how long it would take.
package struct SimulatedExecutor: Executor {
  private struct Life {
    let shape: RequestShape
    var times: RequestTimes
  }

  package let costs: CostModel
  /// Seconds.
  package private(set) var now = 0.0
  package private(set) var totals = IterationTotals()
  /// Of the last iteration.
  package private(set) var lastCost = IterationCost()
  private var lives: [RequestID: Life] = [:]
  private var ended: [RequestID: RequestTimes] = [:]
  private var load: IterationLoad?
  private var energy = 0.0
  private let keepsRecords: Bool

  /// - Parameter keepsRecords: whether each iteration's account is kept.
  package init(_ costs: CostModel, keepsRecords: Bool = false) {
    self.costs = costs
    self.keepsRecords = keepsRecords
  }

  /// Says what the next plan asks for, as the scheduler has it.
  mutating func expect(_ load: IterationLoad) { self.load = load }

  mutating func arrive(_ shape: RequestShape, inSystem: Int) {
    lives[shape.id] = Life(shape: shape, times: RequestTimes(arrival: shape.arrival, promptTokens: shape.promptTokens))
    totals.inSystemAtArrivals.append(inSystem)
  }

  /// Lets time pass until there is something to do.
  mutating func wait(until time: Double) {
    energy += costs.energy(of: IterationCost(), idle: max(0, time - now))
    now = max(now, time)
  }

  package mutating func execute(_ plan: IterationPlan, blocks: BlockTables) throws -> IterationOutcome {
    let load = load ?? IterationLoad(layerCount: costs.model.layers, decode: .init(rows: 0, positions: 0), tiles: [])
    let cost = costs.cost(of: load)
    lastCost = cost
    now += cost.seconds
    energy += costs.energy(of: cost)
    totals.iterations += 1
    totals.decodeRows += plan.decode.count
    let account = costs.account(cost)
    totals.ledger.outside += account
    if keepsRecords {
      totals.records.append(
        IterationRecord(began: now - cost.seconds, seconds: cost.seconds, plan: plan, account: account))
    }
    totals.preemptions += plan.preempted.count
    totals.energy = energy

    var outcome = IterationOutcome()
    for id in plan.decode { advance(id, &outcome) }
    for tile in plan.prefill where tile.layers.upperBound == costs.model.layers {
      for slice in tile.slices {
        guard let life = lives[slice.request] else { continue }
        let length = life.shape.promptTokens + life.times.tokens.count
        if slice.tokens.upperBound == length { advance(slice.request, &outcome) }
      }
    }
    return outcome
  }

  private mutating func advance(_ id: RequestID, _ outcome: inout IterationOutcome) {
    lives[id]?.times.tokens.append(now)
    outcome.advanced.append(id)
    guard let life = lives[id], life.times.tokens.count >= life.shape.maxTokens else { return }
    outcome.finished.append(id)
    ended[id] = life.times
    lives[id] = nil
  }

  /// The times of all requests, in the order of their numbers.
  package var requests: [RequestTimes] {
    let all = ended.merging(lives.mapValues(\.times)) { done, _ in done }
    return all.sorted { $0.key < $1.key }.map(\.value)
  }
}

/// Runs a workload through the scheduler that serves, on a virtual clock.
package struct Simulator {
  /// Positions of a KV block.
  package static let blockSize = 16
  /// Positions of a KV cache that can be kept the books of.
  package static let mostPositions = 1 << 28

  package var costs: CostModel
  package var limits: Scheduler.Limits
  /// Blocks of the KV cache.
  package var blocks: Int

  /// - Parameters:
  ///   - maxPositions: positions of one sequence; the model's context unless given.
  ///   - cachePositions: what the KV cache holds; what fits beside the weights unless given.
  /// - Throws: `SimulationError` if no block fits, or more than `mostPositions`.
  package init(
    _ costs: CostModel, maxRequests: Int = 256, maxBatchedTokens: Int = 8192, maxPositions: Int? = nil,
    cachePositions: Int? = nil
  ) throws(SimulationError) {
    self.costs = costs
    limits = Scheduler.Limits(
      maxRequests: maxRequests, maxBatchedTokens: maxBatchedTokens,
      maxPositions: min(maxPositions ?? .max, costs.model.contextLength))
    let positions = cachePositions ?? costs.cachePositions
    blocks = positions / Self.blockSize
    guard positions <= Self.mostPositions else {
      throw SimulationError(
        "a KV cache of \(positions) positions is more than can be simulated, expected cache-positions of at most "
          + "\(Self.mostPositions)")
    }
    guard blocks > 0 else {
      throw SimulationError(
        "\(costs.hardware.name) has no room for a KV cache beside the weights of \(costs.model.name)")
    }
  }

  /// - Parameters:
  ///   - keepsRecords: whether each iteration's account is kept.
  ///   - each: told of every iteration: when it began, its plan, and what it cost.
  /// - Throws: `SchedulingError` for a request that can never run.
  package func run(
    _ workload: Workload, policy: any Policy, keepsRecords: Bool = false,
    each: (Double, IterationPlan, IterationCost) -> Void = { _, _, _ in }
  ) throws -> (requests: [RequestTimes], totals: IterationTotals) {
    var scheduler = Scheduler(
      policy: policy, layerCount: costs.model.layers, limits: limits,
      pool: BlockPool(blockCount: blocks, blockSize: Self.blockSize))
    var executor = SimulatedExecutor(costs, keepsRecords: keepsRecords)
    var next = 0
    while true {
      while next < workload.arrivals.count, workload.arrivals[next].time <= executor.now {
        let arrival = workload.arrivals[next]
        let shape = RequestShape(
          id: RequestID(next), promptTokens: arrival.lengths.promptTokens, maxTokens: arrival.lengths.outputTokens,
          arrival: arrival.time)
        let inSystem = scheduler.waitingCount + scheduler.prefillingCount + scheduler.runningCount
        try scheduler.add(shape)
        executor.arrive(shape, inSystem: inSystem)
        next += 1
      }
      guard let plan = scheduler.nextPlan() else {
        guard next < workload.arrivals.count else { break }
        executor.wait(until: workload.arrivals[next].time)
        continue
      }
      let began = executor.now
      let load = scheduler.load(of: plan)
      executor.expect(load)
      let outcome = try executor.execute(plan, blocks: scheduler.blocks)
      scheduler.complete(plan, outcome, seconds: executor.now - began)
      each(began, plan, executor.lastCost)
    }
    return (executor.requests, executor.totals)
  }
}
