import Backend
import Foundation
import Reference
import Testing

struct AttentionTests {
  /// One key-value head of 2 for two query heads, in blocks of 2 positions.
  private let shape = AttentionShape(queryHeads: 2, keyValueHeads: 1, headSize: 2, scale: 1)
  private let cacheShape = KVCacheShape(blockCount: 4, blockSize: 2, heads: 1, headSize: 2)
  /// No rotation at positions 0 to 2.
  private let still: [Float] = [1, 0, 1, 0, 1, 0]

  /// Keys with the scores 0, ln 2 and ln 3 for the query [1, 0], and 0 for the query [0, 1].
  ///
  /// At the last position the softmax of the first is 1/6, 2/6, 3/6, of the second 1/3 each.
  @Test func threePositionsByHand() throws {
    let test = ReferenceHarness()
    let cache = test.backend.makeKVCache(cacheShape, label: "cache")
    var layout = BatchLayout()
    layout.append(tokens: [1, 2, 3], firstPosition: 0, blocks: [3, 0])
    let batch = try test.batch(layout, cache: cacheShape)
    let values: [[Float]] = [[6, 0], [0, 6], [6, 6]]
    let scores = [0, log(2.0), log(3.0)]
    let qkv = test.activation(
      zip(scores, values).flatMap { score, value in [1, 0, 0, 1, Float(score), 0] + value }, rows: 3)
    let out = test.empty(rows: 3, columns: 4)
    let heads = HeadOptions<ReferenceBackend.Vector>(
      shape: shape, queryNorm: nil, keyNorm: nil, epsilon: 0, rotary: test.backend.loadVector(still, label: "rotary"))
    test.backend.prepareHeads(qkv, heads, batch: batch, rows: 3, cache: cache)
    try test.backend.attention(qkv, shape: shape, batch: batch, rows: 3, cache: cache, into: out)
    let expected: [Double] = [
      6, 0, 6, 0,  // the first position sees itself alone
      2, 4, 3, 3,  // 1/3 and 2/3; halves
      4, 5, 4, 4,
    ]
    #expect(difference(test.backend.read(out, rows: 0..<3), expected) < 1e-6)

    // The third position again, as a decode row over what the cache holds.
    var decode = BatchLayout()
    decode.append(tokens: [3], firstPosition: 2, blocks: [3, 0])
    let row = test.activation([1, 0, 0, 1, Float(log(3.0)), 0, 6, 6])
    let last = test.empty(rows: 1, columns: 4)
    let decodeBatch = try test.batch(decode, cache: cacheShape)
    test.backend.prepareHeads(row, heads, batch: decodeBatch, rows: 1, cache: cache)
    try test.backend.attention(row, shape: shape, batch: decodeBatch, rows: 1, cache: cache, into: last)
    #expect(test.backend.read(last, rows: 0..<1) == test.backend.read(out, rows: 2..<3))
  }

  /// Pairs (i, i + 2) of a head of 4: by the first angle cos 0, sin 1, by the second cos 0.6, sin 0.8.
  ///
  /// [1, 2, 3, 4] → [1·0 − 3·1, 2·0.6 − 4·0.8, 3·0 + 1·1, 4·0.6 + 2·0.8] = [−3, −2, 1, 4].
  @Test func headsAreRotatedByTheirPosition() throws {
    let test = ReferenceHarness()
    let shape = AttentionShape(queryHeads: 1, keyValueHeads: 1, headSize: 4, scale: 1)
    let cacheShape = KVCacheShape(blockCount: 1, blockSize: 2, heads: 1, headSize: 4)
    let cache = test.backend.makeKVCache(cacheShape, label: "cache")
    var layout = BatchLayout()
    layout.append(tokens: [1, 2], firstPosition: 0, blocks: [0])
    let row: [Float] = [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8]
    let qkv = test.activation(row + row, rows: 2)
    let heads = HeadOptions<ReferenceBackend.Vector>(
      shape: shape, queryNorm: nil, keyNorm: nil, epsilon: 0,
      rotary: test.backend.loadVector([1, 1, 0, 0, 0, 0.6, 1, 0.8], label: "rotary"))
    test.backend.prepareHeads(
      qkv, heads, batch: try test.batch(layout, cache: cacheShape), rows: 2, cache: cache)
    let queries = test.backend.read(qkv, rows: 0..<2)
    #expect(Array(queries[0..<4]) == [1, 2, 3, 4], "position 0 is not turned")
    #expect(difference(Array(queries[12..<16]), [-3, -2, 1, 4]) < 1e-6)
    #expect(Array(queries[20..<24]) == [5, 6, 7, 8], "values are not turned")
  }

  /// Queries and keys have norms of their own, before the rotation: [3, 4] / √12.5 ⊙ weight.
  @Test func headsAreNormedBeforeTheyAreRotated() throws {
    let test = ReferenceHarness()
    let shape = AttentionShape(queryHeads: 1, keyValueHeads: 1, headSize: 2, scale: 1)
    let cacheShape = KVCacheShape(blockCount: 1, blockSize: 1, heads: 1, headSize: 2)
    let cache = test.backend.makeKVCache(cacheShape, label: "cache")
    var layout = BatchLayout()
    layout.append(tokens: [1], firstPosition: 0, blocks: [0])
    let qkv = test.activation([3, 4, 3, 4, 1, 1])
    func vector(_ values: [Float]) -> ReferenceBackend.Vector { test.backend.loadVector(values, label: "norm") }
    let heads = HeadOptions<ReferenceBackend.Vector>(
      shape: shape, queryNorm: vector([1, 2]), keyNorm: vector([10, 1]), epsilon: 0, rotary: vector([0, 1]))
    test.backend.prepareHeads(qkv, heads, batch: try test.batch(layout, cache: cacheShape), rows: 1, cache: cache)
    // A quarter turn: (a, b) → (−b, a).
    let root = 12.5.squareRoot()
    let expected = [-8 / root, 3 / root, -4 / root, 30 / root, 1, 1]
    #expect(difference(test.backend.read(qkv, rows: 0..<1), expected) < 1e-6)
  }
}
