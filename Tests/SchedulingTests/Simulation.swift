import Scheduling
import Testing

/// Runs a scheduler without a model, and checks every plan: what a policy may decide, and what it may not.
///
/// It keeps its own books of each token's way through the layers, of who runs and of who owns which block, and knows
/// nothing of the scheduler's. The KV cache is there, too: for each layer and position it holds a hash of the tokens up
/// to there, and whoever computes a token finds the right ones before it, or the test fails.
struct Simulation {
  /// A request, and how far it is.
  struct Life {
    let shape: RequestShape
    /// Those of the prompt, then the generated ones.
    var tokens: [Int32]
    /// The layer that each token passes next.
    var nextLayer: [Int]
    /// Tokens after which a stop token comes; at most the shape's maximum.
    let stopsAfter: Int
    var isCancelled = false
    var isAdmitted = false

    var generated: Int { tokens.count - shape.promptTokens }
  }

  var scheduler: Scheduler
  let poolBlocks: Int
  let blockSize: Int
  let maxRequests: Int
  private(set) var lives: [RequestID: Life] = [:]
  /// In the order in which they were added.
  private(set) var order: [RequestID] = []
  /// Requests that decode, as these books have it.
  private(set) var running: [RequestID] = []
  private(set) var finished: [RequestID] = []
  private(set) var iterations = 0
  private(set) var preemptions = 0
  /// Who was admitted in the last iteration.
  private(set) var admittedLast: Set<RequestID> = []
  /// Prompt tokens that no tile had to compute.
  private(set) var shared = 0
  /// The tiles so far.
  private(set) var tiles: [PrefillTile] = []
  /// [layer][block · blockSize + slot]
  private var cache: [[UInt64]]
  private let context: String
  private let secret = SipHash.Key(1, 2)
  let sharesPrefixes: Bool

  /// - Parameter context: what a failed expectation says, such as the seed.
  init(
    policy: any Policy, layers: Int, blocks: Int, blockSize: Int = 16, maxRequests: Int = 256,
    maxBatchedTokens: Int = 8192, maxPositions: Int = 1 << 20, sharesPrefixes: Bool = false, context: String = ""
  ) {
    scheduler = Scheduler(
      policy: policy, layerCount: layers,
      limits: .init(maxRequests: maxRequests, maxBatchedTokens: maxBatchedTokens, maxPositions: maxPositions),
      pool: BlockPool(blockCount: blocks, blockSize: blockSize))
    poolBlocks = blocks
    self.blockSize = blockSize
    self.maxRequests = maxRequests
    self.sharesPrefixes = sharesPrefixes
    self.context = context
    cache = Array(repeating: Array(repeating: 0, count: blocks * blockSize), count: layers)
  }

  /// - Parameter tokens: those of the prompt; by default different ones for each request.
  mutating func add(
    prompt: Int, maxTokens: Int, stopsAfter: Int? = nil, tokens: [Int32]? = nil, arrival: Double = 0, priority: Int = 0
  ) throws {
    let id = RequestID(order.count)
    let tokens = tokens ?? (0..<Int32(prompt)).map { Int32(id.value) &* 1_000_003 &+ $0 }
    let shape = RequestShape(
      id: id, promptTokens: prompt, maxTokens: maxTokens, arrival: arrival, priority: priority,
      blockKeys: sharesPrefixes ? BlockKey.chain(tokens, blockSize: blockSize, secret: secret) : [])
    try scheduler.add(shape)
    order.append(id)
    lives[id] = Life(
      shape: shape, tokens: tokens, nextLayer: Array(repeating: 0, count: prompt),
      stopsAfter: min(stopsAfter ?? maxTokens, maxTokens))
  }

  mutating func cancel(_ id: RequestID) {
    lives[id]?.isCancelled = true
    running.removeAll { $0 == id }
    scheduler.cancel(id)
    #expect(!scheduler.contains(id) && scheduler.blocks[id] == nil, "a cancelled request is gone at once; \(context)")
  }

  /// Plans, checks and executes one iteration; false when there is nothing left to do.
  mutating func step() -> Bool {
    let before = Set(scheduler.blocks.keys)
    guard let plan = scheduler.nextPlan() else { return false }
    admittedLast = Set(scheduler.blocks.keys).subtracting(before.subtracting(plan.preempted))
    #expect(plan.preempted.isEmpty || admittedLast.isEmpty, "admitted what was just taken from others; \(context)")
    iterations += 1
    checkBlocks()
    for id in plan.preempted { begin(id) }
    #expect(plan.decode == running, "who decodes; \(context)")
    #expect(scheduler.blocks.count <= maxRequests, "\(context)")
    let inTiles = plan.prefill.flatMap(\.slices).map(\.request)
    #expect(Set(inTiles).count == inTiles.count && Set(inTiles).isDisjoint(with: plan.decode), "\(context)")
    for (id, own) in scheduler.blocks where lives[id]?.isAdmitted == false { admit(id, own) }
    var outcome = IterationOutcome()
    for id in plan.decode {
      compute(id, (lives[id]?.tokens.count ?? 1) - 1..<(lives[id]?.tokens.count ?? 1), layers: 0..<scheduler.layerCount)
      advance(id, &outcome)
    }
    for tile in plan.prefill { pass(tile, &outcome) }
    scheduler.complete(plan, outcome)
    finished += outcome.finished
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
      #expect(life.nextLayer.dropLast().allSatisfy { $0 == scheduler.layerCount }, "\(id) is not through; \(context)")
      #expect(life.generated == life.stopsAfter, "\(id); \(context)")
    }
    #expect(Set(finished) == Set(order.filter { lives[$0]?.isCancelled == false }), "\(context)")
    #expect(Set(finished).count == finished.count, "\(context)")
  }

  /// Takes note of what a request's first blocks hold already.
  private mutating func admit(_ id: RequestID, _ own: [Int32]) {
    guard let life = lives[id] else { return }
    lives[id]?.isAdmitted = true
    guard let first = scheduler.firstOpenToken(of: id) else { return }
    #expect(first < life.tokens.count, "the last token is always computed; \(context)")
    #expect(first % blockSize == 0 && (sharesPrefixes || first == 0), "\(context)")
    for position in 0..<first { lives[id]?.nextLayer[position] = scheduler.layerCount }
    check(id, upTo: first, layers: 0..<scheduler.layerCount)
    shared += first
  }

  /// A request gave its blocks up: all of its tokens pass all layers again.
  private mutating func begin(_ id: RequestID) {
    guard let life = lives[id] else { return }
    preemptions += 1
    running.removeAll { $0 == id }
    lives[id]?.isAdmitted = false
    lives[id]?.nextLayer = Array(repeating: 0, count: life.tokens.count)
  }

  private mutating func advance(_ id: RequestID, _ outcome: inout IterationOutcome) {
    guard var life = lives[id] else {
      Issue.record("\(id) was never added; \(context)")
      return
    }
    // The next token follows from those before it.
    life.tokens.append(Int32(truncatingIfNeeded: hash(life.tokens[...]) >> 33))
    life.nextLayer.append(0)
    lives[id] = life
    outcome.advanced.append(id)
    if sharesPrefixes, life.tokens.count % blockSize == 0 {
      outcome.filled[id] = BlockKey.chain(life.tokens, blockSize: blockSize, secret: secret).last
    }
    if life.generated >= life.stopsAfter { outcome.finished.append(id) }
  }

  private mutating func pass(_ tile: PrefillTile, _ outcome: inout IterationOutcome) {
    #expect(tile.tokenCount > 0 && !tile.layers.isEmpty, "\(context)")
    tiles.append(tile)
    for slice in tile.slices {
      guard let life = lives[slice.request], life.nextLayer.indices.contains(slice.tokens) else {
        Issue.record("\(slice) is no part of a prompt; \(context)")
        continue
      }
      // Every layer exactly once and in order, and a token only behind the one before it.
      let inOrder = slice.tokens.allSatisfy { life.nextLayer[$0] == tile.layers.lowerBound }
      #expect(inOrder, "\(slice) of layers \(tile.layers); \(context)")
      let before = life.nextLayer[..<slice.tokens.lowerBound]
      #expect(before.allSatisfy { $0 == scheduler.layerCount }, "\(slice) overtakes; \(context)")
      compute(slice.request, slice.tokens, layers: tile.layers)
      if tile.layers.upperBound == scheduler.layerCount, slice.tokens.upperBound == life.tokens.count {
        advance(slice.request, &outcome)
        running.append(slice.request)
      }
    }
  }

  /// Passes tokens through layers: what is before them must be in the cache, then they are.
  private mutating func compute(_ id: RequestID, _ tokens: Range<Int>, layers: Range<Int>) {
    check(id, upTo: tokens.lowerBound, layers: layers)
    guard let life = lives[id], let own = scheduler.blocks[id] else { return }
    var prefix = hash(life.tokens[..<tokens.lowerBound])
    for position in tokens {
      prefix = hash(prefix, life.tokens[position])
      guard own.indices.contains(position / blockSize) else {
        Issue.record("\(id) has no block for position \(position); \(context)")
        return
      }
      for layer in layers {
        cache[layer][Int(own[position / blockSize]) * blockSize + position % blockSize] = prefix
      }
      lives[id]?.nextLayer[position] = layers.upperBound
    }
  }

  /// Expects the keys and values of the first `count` tokens in the cache.
  private func check(_ id: RequestID, upTo count: Int, layers: Range<Int>) {
    guard let life = lives[id], let own = scheduler.blocks[id], own.count * blockSize >= count else {
      Issue.record("\(id) has too few blocks; \(context)")
      return
    }
    var prefix = hash([])
    var isRight = true
    for position in 0..<count {
      prefix = hash(prefix, life.tokens[position])
      let place = Int(own[position / blockSize]) * blockSize + position % blockSize
      for layer in layers where cache[layer][place] != prefix { isRight = false }
    }
    #expect(isRight, "\(id) does not find its first \(count) tokens in the cache; \(context)")
  }

  private func hash(_ tokens: ArraySlice<Int32>) -> UInt64 { tokens.reduce(1) { hash($0, $1) } }

  private func hash(_ prefix: UInt64, _ token: Int32) -> UInt64 {
    (prefix ^ UInt64(UInt32(bitPattern: token))) &* 0x9E37_79B9_7F4A_7C15 ^ (prefix >> 29)
  }

  private func checkBlocks() {
    var owners: [Int32: [RequestID]] = [:]
    for (id, own) in scheduler.blocks {
      #expect(Set(own).count == own.count && own.allSatisfy { (0..<Int32(poolBlocks)).contains($0) }, "\(context)")
      for block in own { owners[block, default: []].append(id) }
    }
    #expect(sharesPrefixes || owners.values.allSatisfy { $0.count == 1 }, "a block has two owners; \(context)")
    #expect(owners.count + scheduler.freeBlockCount == poolBlocks, "a block is lost; \(context)")
  }
}

extension Range<Int> {
  fileprivate func contains(_ other: Range<Int>) -> Bool {
    lowerBound <= other.lowerBound && other.upperBound <= upperBound
  }
}
