/// The KV cache's blocks: which are free, which are owned by how many, and which full ones can be shared.
///
/// A full block whose keys and values are complete can be published under its `BlockKey`. Requests whose prompts begin
/// with the same tokens then own it together; nobody writes into it. When its last owner has gone its contents stay
/// until the block is needed, least recently used first.
package struct BlockPool: Sendable {
  package let blockCount: Int
  /// Positions in a block.
  package let blockSize: Int
  /// Blocks without contents.
  private var free: [Int32]
  /// Blocks with contents and without an owner.
  private var idle: IdleList
  /// Owners of each block.
  private var owners: [Int32]
  /// The key under which each block is published.
  private var keys: [BlockKey?]
  private var published: [BlockKey: Int32] = [:]

  package init(blockCount: Int, blockSize: Int) {
    self.blockCount = blockCount
    self.blockSize = blockSize
    free = (0..<Int32(blockCount)).reversed()
    idle = IdleList(capacity: blockCount)
    owners = Array(repeating: 0, count: blockCount)
    keys = Array(repeating: nil, count: blockCount)
  }

  /// Blocks without an owner.
  package var freeCount: Int { free.count + idle.count }
  /// Those of them that hold contents.
  package var idleCount: Int { idle.count }

  /// Blocks that hold `positions`.
  package func blocks(for positions: Int) -> Int { (positions + blockSize - 1) / blockSize }

  /// How many of `keys`, from the first on, are published, and how many of their blocks have no owner.
  package func match(_ keys: some Sequence<BlockKey>) -> (blocks: Int, idle: Int) {
    var found = (blocks: 0, idle: 0)
    for key in keys {
      guard let block = published[key] else { break }
      found.blocks += 1
      found.idle += owners[Int(block)] == 0 ? 1 : 0
    }
    return found
  }

  /// Becomes an owner of the published blocks of `keys`, from the first on, as far as there are any.
  package mutating func share(_ keys: some Sequence<BlockKey>) -> [Int32] {
    var shared: [Int32] = []
    for key in keys {
      guard let block = published[key] else { break }
      if owners[Int(block)] == 0 { idle.remove(block) }
      owners[Int(block)] += 1
      shared.append(block)
    }
    return shared
  }

  /// Takes `count` blocks, or none if there are not as many; contents that are given up go with them.
  package mutating func allocate(_ count: Int) -> [Int32]? {
    guard count <= freeCount else { return nil }
    var taken: [Int32] = []
    taken.reserveCapacity(count)
    while taken.count < count {
      guard let block = free.popLast() ?? evict() else { return nil }
      owners[Int(block)] = 1
      taken.append(block)
    }
    return taken
  }

  /// Gives up the contents that have been of no use for the longest time.
  private mutating func evict() -> Int32? {
    guard let block = idle.popFirst() else { return nil }
    if let key = keys[Int(block)] { published[key] = nil }
    keys[Int(block)] = nil
    return block
  }

  /// Gives one owner's blocks back, in the order of their positions.
  package mutating func release(_ blocks: [Int32]) {
    // A block is of use only with those before it, so the last ones are given up first.
    for block in blocks.reversed() {
      let index = Int(block)
      owners[index] -= 1
      assert(owners[index] >= 0, "KV block \(block) was released more often than taken")
      guard owners[index] == 0 else { continue }
      if keys[index] == nil { free.append(block) } else { idle.append(block) }
    }
  }

  /// Lets others share `block`, whose positions are all complete. If another block has these contents already, that one
  /// stays the one to share.
  package mutating func publish(_ block: Int32, _ key: BlockKey) {
    guard published[key] == nil, keys[Int(block)] == nil else { return }
    assert(owners[Int(block)] > 0, "KV block \(block) is published by nobody")
    published[key] = block
    keys[Int(block)] = key
  }

  /// Whether every block is exactly one of free, idle or owned, by as many owners as `tables` say. For tests and debug
  /// builds.
  package func isConsistent(with tables: some Sequence<[Int32]>) -> Bool {
    var counts = [Int32](repeating: 0, count: blockCount)
    for block in tables.joined() { counts[Int(block)] += 1 }
    let idleBlocks = idle.all
    let unowned = Set(free).union(idleBlocks)
    return counts == owners && unowned.count == free.count + idleBlocks.count
      && counts.indices.allSatisfy { (counts[$0] == 0) == unowned.contains(Int32($0)) }
      && published.allSatisfy { keys[Int($1)] == $0 } && idleBlocks.allSatisfy { keys[Int($0)] != nil }
      && free.allSatisfy { keys[Int($0)] == nil }
  }
}

/// Blocks in the order of their last use; any of them can leave in constant time.
private struct IdleList: Sendable {
  /// Neighbours by block; the last element is the list's two ends.
  private var next: [Int32]
  private var previous: [Int32]
  private(set) var count = 0

  init(capacity: Int) {
    next = Array(repeating: -1, count: capacity + 1)
    previous = next
    next[capacity] = Int32(capacity)
    previous[capacity] = Int32(capacity)
  }

  private var end: Int32 { Int32(next.count - 1) }

  mutating func append(_ block: Int32) {
    let last = previous[Int(end)]
    next[Int(last)] = block
    previous[Int(block)] = last
    next[Int(block)] = end
    previous[Int(end)] = block
    count += 1
  }

  mutating func remove(_ block: Int32) {
    let (before, after) = (previous[Int(block)], next[Int(block)])
    next[Int(before)] = after
    previous[Int(after)] = before
    next[Int(block)] = -1
    previous[Int(block)] = -1
    count -= 1
  }

  mutating func popFirst() -> Int32? {
    let first = next[Int(end)]
    guard first != end else { return nil }
    remove(first)
    return first
  }

  var all: [Int32] {
    var blocks: [Int32] = []
    var block = next[Int(end)]
    while block != end {
      blocks.append(block)
      block = next[Int(block)]
    }
    return blocks
  }
}
