import Backend
import Reference
import Testing

struct EmbeddingTests {
  private let cache = KVCacheShape(blockCount: 2, blockSize: 4, heads: 1, headSize: 2)

  private func layout(_ tokens: [Int32]) -> BatchLayout {
    var layout = BatchLayout()
    layout.append(tokens: tokens, firstPosition: 0, blocks: [0, 1])
    return layout
  }

  @Test func rowsOfTheTableAreLookedUp() throws {
    let test = ReferenceHarness()
    let table = try test.matrix([[[0, 1], [10, 11], [20, 21]]])
    let batch = try test.backend.prepare(layout([2, 0, 1]), vocabulary: 3, cache: cache)
    let out = test.empty(rows: 3, columns: 2)
    try test.backend.embed(batch, rows: 1..<3, table: table, into: out)
    let values = test.backend.read(out, rows: 0..<3)
    #expect(values[0].isNaN, "row 0 was not asked for")
    #expect(Array(values[2...]) == [0, 1, 10, 11])
  }

  @Test func rowsAreCopiedAndGathered() {
    let test = ReferenceHarness()
    let x = test.activation([1, 2, 3, 4], rows: 4)
    let out = test.activation([0, 0, 0, 0], rows: 4)
    test.backend.copyRows(x, rows: 1..<3, to: out, at: 2)
    #expect(test.backend.read(out, rows: 0..<4) == [0, 0, 2, 3])
    test.backend.gatherRows(x, indices: [3, 3, 0], into: out)
    #expect(test.backend.read(out, rows: 0..<4) == [4, 4, 1, 3])
  }

  @Test(arguments: [-1, 3, Int32.max])
  func aTokenOutsideTheVocabularyIsRefused(token: Int32) {
    let test = ReferenceHarness()
    #expect {
      try test.backend.prepare(layout([0, token]), vocabulary: 3, cache: cache)
    } throws: {
      "\($0)".contains("row 1: token id \(token) is outside the vocabulary of 3")
    }
  }

  @Test func aPositionWithoutABlockIsRefused() {
    let test = ReferenceHarness()
    #expect {
      try test.backend.prepare(layout([Int32](repeating: 0, count: 9)), vocabulary: 3, cache: cache)
    } throws: {
      "\($0)".contains("positions 0…8 need 3 KV blocks of 4, but it has 2")
    }
    var outside = BatchLayout()
    outside.append(tokens: [0], firstPosition: 0, blocks: [2])
    #expect {
      try test.backend.prepare(outside, vocabulary: 3, cache: cache)
    } throws: {
      "\($0)".contains("KV block 2 is not one of the cache's 2")
    }
    var negative = BatchLayout()
    negative.append(tokens: [0], firstPosition: -1, blocks: [0])
    #expect(throws: BackendError.self) { try test.backend.prepare(negative, vocabulary: 3, cache: cache) }
  }
}
