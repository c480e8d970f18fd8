import Scheduling
import Testing

/// Runs a scheduler without a model, and checks every plan: what a policy may decide, and what it may not.
///
/// It keeps its own books of each token's way through the layers, of who runs and of who owns which block, and knows
/// nothing of the scheduler's.
struct Simulation {
  /// A request, and how far it is.
  struct Life {
    let shape: RequestShape
    /// The layer that each token of the prompt passes next.
    var nextLayer: [Int]
    var generated = 0
    /// Tokens after which a stop token comes; at most the shape's maximum.
    let stopsAfter: Int
    var isCancelled = false
  }

  var scheduler: Scheduler
  let poolBlocks: Int
  let blockSize: Int
  private(set) var lives: [RequestID: Life] = [:]
  /// In the order in which they were added.
  private(set) var order: [RequestID] = []
  /// Requests that decode, as these books have it.
  private(set) var running: [RequestID] = []
  private(set) var finished: [RequestID] = []
  private(set) var iterations = 0
  /// Layer ranges of the tiles so far, with their tokens.
  private(set) var tiles: [PrefillTile] = []
  private let context: String

  /// - Parameter context: what a failed expectation says, such as the seed.
  init(
    policy: any Policy, layers: Int, blocks: Int, blockSize: Int = 16, maxRequests: Int = 256,
    maxBatchedTokens: Int = 8192, maxPositions: Int = 1 << 20, context: String = ""
  ) {
    scheduler = Scheduler(
      policy: policy, layerCount: layers,
      limits: .init(maxRequests: maxRequests, maxBatchedTokens: maxBatchedTokens, maxPositions: maxPositions),
      pool: BlockPool(blockCount: blocks, blockSize: blockSize))
    poolBlocks = blocks
    self.blockSize = blockSize
    self.context = context
  }

  mutating func add(prompt: Int, maxTokens: Int, stopsAfter: Int? = nil) throws {
    let shape = RequestShape(id: RequestID(order.count), promptTokens: prompt, maxTokens: maxTokens)
    try scheduler.add(shape)
    order.append(shape.id)
    lives[shape.id] = Life(
      shape: shape, nextLayer: Array(repeating: 0, count: prompt), stopsAfter: min(stopsAfter ?? maxTokens, maxTokens))
  }

  mutating func cancel(_ id: RequestID) {
    lives[id]?.isCancelled = true
    running.removeAll { $0 == id }
    scheduler.cancel(id)
  }

  /// Plans, checks and executes one iteration; false when there is nothing left to do.
  mutating func step() -> Bool {
    guard let plan = scheduler.nextPlan() else { return false }
    iterations += 1
    checkBlocks()
    #expect(plan.decode.filter { lives[$0]?.isCancelled != true } == running, "who decodes; \(context)")
    var outcome = IterationOutcome()
    for id in plan.decode { advance(id, &outcome) }
    if let tile = plan.prefill { pass(tile, &outcome) }
    scheduler.complete(plan, outcome)
    finished += outcome.finished.filter { lives[$0]?.isCancelled != true }
    running.removeAll { outcome.finished.contains($0) }
    return true
  }

  /// Steps `count` times, and expects that there is as much to do.
  mutating func advance(by count: Int = 1) {
    for _ in 0..<count {
      let didStep = step()
      #expect(didStep, "nothing to do; \(context)")
    }
  }

  /// Steps until nothing is left.
  mutating func run(limit: Int = 100_000) {
    while iterations < limit, step() {}
    #expect(iterations < limit, "the work does not end; \(context)")
  }

  /// After the last step: every request is through, and every block is free.
  func checkEnd() {
    #expect(scheduler.isIdle, "\(context)")
    #expect(scheduler.freeBlockCount == poolBlocks, "blocks are lost; \(context)")
    #expect(scheduler.blocks.isEmpty, "\(context)")
    for (id, life) in lives where !life.isCancelled {
      #expect(life.nextLayer.allSatisfy { $0 == scheduler.layerCount }, "\(id) is not through; \(context)")
      #expect(life.generated == life.stopsAfter, "\(id); \(context)")
    }
    #expect(Set(finished) == Set(order.filter { lives[$0]?.isCancelled == false }), "\(context)")
  }

  private mutating func advance(_ id: RequestID, _ outcome: inout IterationOutcome) {
    guard let life = lives[id] else {
      Issue.record("\(id) was never added; \(context)")
      return
    }
    lives[id]?.generated += 1
    outcome.advanced.append(id)
    if life.generated + 1 >= life.stopsAfter { outcome.finished.append(id) }
  }

  private mutating func pass(_ tile: PrefillTile, _ outcome: inout IterationOutcome) {
    #expect(tile.tokenCount > 0 && !tile.layers.isEmpty, "\(context)")
    #expect(tile.slices.map(\.request) == tile.slices.map(\.request).sorted(), "order of slices; \(context)")
    #expect(Set(tile.slices.map(\.request)).count == tile.slices.count, "\(context)")
    tiles.append(tile)
    for slice in tile.slices {
      guard var life = lives[slice.request], life.nextLayer.indices.contains(slice.tokens) else {
        Issue.record("\(slice) is no part of a prompt; \(context)")
        continue
      }
      checkTurn(slice, tile)
      // Every layer exactly once and in order, and a token only behind the one before it.
      let inOrder = slice.tokens.allSatisfy { life.nextLayer[$0] == tile.layers.lowerBound }
      #expect(inOrder, "\(slice) of layers \(tile.layers); \(context)")
      let before = life.nextLayer[..<slice.tokens.lowerBound]
      #expect(before.allSatisfy { $0 == scheduler.layerCount }, "\(slice) overtakes; \(context)")
      for token in slice.tokens { life.nextLayer[token] = tile.layers.upperBound }
      lives[slice.request] = life
      let blocks = scheduler.blocks[slice.request]?.count ?? 0
      #expect(blocks * blockSize >= life.shape.positions, "\(slice.request) lacks blocks; \(context)")
      if tile.layers.upperBound == scheduler.layerCount, slice.tokens.upperBound == life.shape.promptTokens {
        advance(slice.request, &outcome)
        if !life.isCancelled { running.append(slice.request) }
      }
    }
  }

  /// First come, first served: when a prompt begins, all that came before it have begun.
  private func checkTurn(_ slice: PrefillTile.Slice, _ tile: PrefillTile) {
    guard slice.tokens.lowerBound == 0, tile.layers.lowerBound == 0 else { return }
    for id in order where id < slice.request {
      let begun = lives[id].map { $0.isCancelled || $0.nextLayer[0] > 0 } ?? true
      #expect(begun, "\(slice.request) begins before \(id); \(context)")
    }
  }

  private func checkBlocks() {
    let owned = scheduler.blocks.values.flatMap(\.self)
    #expect(Set(owned).count == owned.count, "a block has two owners; \(context)")
    #expect(owned.allSatisfy { (0..<Int32(poolBlocks)).contains($0) }, "\(context)")
    #expect(owned.count + scheduler.freeBlockCount == poolBlocks, "a block is lost; \(context)")
  }
}

extension Range<Int> {
  fileprivate func contains(_ other: Range<Int>) -> Bool {
    lowerBound <= other.lowerBound && other.upperBound <= upperBound
  }
}
