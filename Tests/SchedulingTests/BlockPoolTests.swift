import Scheduling
import TestSupport
import Testing

struct BlockPoolTests {
  private let keys = BlockKey.chain(Array(0..<40), blockSize: 4, secret: SipHash.Key(0, 0))

  @Test func itRefusesWhatItDoesNotHave() {
    var pool = BlockPool(blockCount: 3, blockSize: 16)
    #expect(pool.blocks(for: 0) == 0)
    #expect(pool.blocks(for: 16) == 1)
    #expect(pool.blocks(for: 17) == 2)
    let refused = pool.allocate(4)
    #expect(refused == nil)
    #expect(pool.freeCount == 3, "a refusal takes nothing")
    let first = pool.allocate(2) ?? []
    let second = pool.allocate(1) ?? []
    #expect(Set(first + second) == [0, 1, 2])
    let none = pool.allocate(1)
    #expect(none == nil)
    pool.release(first)
    #expect(pool.freeCount == 2)
    #expect(pool.isConsistent(with: [second]))
  }

  @Test func publishedBlocksAreSharedAndCounted() {
    var pool = BlockPool(blockCount: 6, blockSize: 4)
    let own = pool.allocate(3) ?? []
    pool.publish(own[0], keys[0])
    pool.publish(own[1], keys[1])
    #expect(pool.match(keys[0...]).blocks == 2)
    #expect(pool.match(keys[1...]).blocks == 1)
    #expect(pool.match(keys[2...]).blocks == 0)
    let shared = pool.share(keys[..<3])
    #expect(shared == [own[0], own[1]])
    #expect(pool.freeCount == 3, "a shared block is one block")
    pool.release(own)
    #expect(pool.freeCount == 4, "the other owner keeps two")
    pool.release(shared)
    #expect(pool.freeCount == 6)
    #expect(pool.idleCount == 2, "their contents stay")
    #expect(pool.match(keys[...]) == (blocks: 2, idle: 2))
    #expect(pool.isConsistent(with: []))
  }

  @Test func theLeastRecentlyUsedContentsAreGivenUpFirst() {
    var pool = BlockPool(blockCount: 4, blockSize: 4)
    let a = pool.allocate(2) ?? []
    let b = pool.allocate(2) ?? []
    for (block, key) in zip(a + b, keys) { pool.publish(block, key) }
    pool.release(a)
    pool.release(b)
    // Used again: now the third and fourth have been idle for longer.
    pool.release(pool.share(keys[..<2]))
    _ = pool.allocate(1)
    #expect(pool.match(keys[3...]).blocks == 0, "of a sequence its end goes first")
    #expect(pool.match(keys[2...]).blocks == 1)
    _ = pool.allocate(1)
    #expect(pool.match(keys[2...]).blocks == 0)
    #expect(pool.match(keys[...]).blocks == 2)
    _ = pool.allocate(1)
    #expect(pool.match(keys[...]).blocks == 1)
  }

  @Test func theSameContentsAreSharedOnce() {
    var pool = BlockPool(blockCount: 3, blockSize: 4)
    let own = pool.allocate(2) ?? []
    pool.publish(own[0], keys[0])
    pool.publish(own[1], keys[0])
    let shared = pool.share(keys[..<1])
    #expect(shared == [own[0]])
    pool.release([own[1]])
    #expect(pool.idleCount == 0, "the second copy is of no use")
    #expect(pool.freeCount == 2)
  }

  /// Random owners that take, share, publish and give back, against books of who has what.
  @Test func noBlockIsLostOrGivenTwice() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<40 {
      var pool = BlockPool(blockCount: Int.random(in: 1...20, using: &random), blockSize: 4)
      var tables: [[Int32]] = []
      for _ in 0..<200 {
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
          let count = Int.random(in: 0...5, using: &random)
          let fits = count <= pool.freeCount
          let taken = pool.allocate(count)
          #expect((taken?.count == count) == fits, "seed \(seed)")
          if let taken { tables.append(taken) }
        case 2: tables.append(pool.share(keys[..<Int.random(in: 0...10, using: &random)]))
        case 3:
          // A sequence publishes from its start on.
          if let table = tables.randomElement(using: &random), let first = table.first { pool.publish(first, keys[0]) }
          if let table = tables.randomElement(using: &random), table.count > 1 {
            pool.publish(table[1], keys[Int.random(in: 1..<10, using: &random)])
          }
        default:
          if let index = tables.indices.randomElement(using: &random) { pool.release(tables.remove(at: index)) }
        }
        #expect(pool.isConsistent(with: tables), "seed \(seed)")
        #expect(pool.freeCount == pool.blockCount - Set(tables.joined()).count, "seed \(seed)")
      }
    }
  }
}
