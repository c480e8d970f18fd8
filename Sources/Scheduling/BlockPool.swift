/// The free list of KV cache blocks.
package struct BlockPool: Sendable {
  package let blockCount: Int
  /// Positions in a block.
  package let blockSize: Int
  private var free: [Int32]

  package init(blockCount: Int, blockSize: Int) {
    self.blockCount = blockCount
    self.blockSize = blockSize
    free = (0..<Int32(blockCount)).reversed()
  }

  package var freeCount: Int { free.count }

  /// Blocks that hold `positions`.
  package func blocks(for positions: Int) -> Int { (positions + blockSize - 1) / blockSize }

  /// Takes `count` blocks, or none if there are not as many.
  package mutating func allocate(_ count: Int) -> [Int32]? {
    guard count <= free.count else { return nil }
    let taken = Array(free.suffix(count).reversed())
    free.removeLast(count)
    return taken
  }

  /// Gives blocks back.
  package mutating func release(_ blocks: [Int32]) {
    free.append(contentsOf: blocks.reversed())
    assert(free.count <= blockCount && Set(free).count == free.count, "a KV block was released twice")
  }
}
