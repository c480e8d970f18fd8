import Backend
import Foundation
import Reference
import Testing

/// What families add to attention, by hand: windows, sinks, values that are a part of keys, norms over all heads, clipping,
/// rotation of neighbours.
struct AttentionFeatureTests {
  private let test = ReferenceHarness()
  private let cacheShape = KVCacheShape(blockCount: 2, blockSize: 2, heads: 1, headSize: 2)

  private func batch(_ rows: Int) throws -> ReferenceBackend.Batch {
    var layout = BatchLayout()
    layout.append(tokens: Array(repeating: 0, count: rows), firstPosition: 0, blocks: [1, 0])
    return try test.batch(layout, cache: cacheShape)
  }

  /// No rotation, whatever the position.
  private var still: ReferenceBackend.Vector {
    test.backend.loadVector((0..<4).flatMap { _ in [Float(1), 0] }, label: "rotary")
  }

  /// Attention of rows whose queries and keys are 0, so that all weights of a row are equal, and whose values are given.
  private func means(_ values: [Float], window: Int? = nil, sink: Float? = nil) throws -> [Float] {
    let shape = AttentionShape(queryHeads: 1, keyValueHeads: 1, headSize: 2, scale: 1, window: window)
    let batch = try batch(values.count)
    let cache = test.backend.makeKVCache(cacheShape, label: "cache")
    let qkv = test.activation(values.flatMap { [0, 0, 0, 0, $0, 0] }, rows: values.count)
    let heads = HeadOptions(shape: shape, queryNorm: nil, keyNorm: nil, epsilon: 0, rotary: still)
    test.backend.prepareHeads(qkv, heads, batch: batch, rows: values.count, cache: cache)
    let out = test.empty(rows: values.count, columns: 2)
    test.backend.attention(
      qkv, shape: shape, sinks: sink.map { test.backend.loadVector([$0], label: "sinks") }, batch: batch,
      rows: values.count, cache: cache, into: out)
    let all = test.backend.read(out, rows: 0..<values.count)
    return stride(from: 0, to: all.count, by: 2).map { all[$0] }
  }

  @Test func aWindowEndsWhatARowSees() throws {
    #expect(try difference(means([8, 4, 2, 1]), [8, 6, 14.0 / 3, 3.75]) < 1e-6)
    #expect(try difference(means([8, 4, 2, 1], window: 2), [8, 6, 3, 1.5]) < 1e-6)
    #expect(try difference(means([8, 4, 2, 1], window: 1), [8, 4, 2, 1]) < 1e-6)
    #expect(try difference(means([8, 4, 2, 1], window: 4), [8, 6, 14.0 / 3, 3.75]) < 1e-6)
  }

  /// Scores are 0, so a sink of log 2 counts as two positions of value 0.
  @Test func aSinkTakesItsShare() throws {
    let sink = Float(log(2.0))
    #expect(try difference(means([8, 4, 2, 1], sink: sink), [8.0 / 3, 12.0 / 4, 14.0 / 5, 15.0 / 6]) < 1e-6)
    #expect(try difference(means([8, 4, 2, 1], window: 2, sink: sink), [8.0 / 3, 3, 6.0 / 4, 3.0 / 4]) < 1e-6)
  }

  /// A query that is all on the second key: its weight is 1 / (1 + e⁻⁴⁰), which is 1.
  @Test func valuesMayBeTheFirstElementsOfKeys() throws {
    let shape = AttentionShape(queryHeads: 1, keyValueHeads: 1, headSize: 2, scale: 1, valuePrefix: 1)
    #expect(shape.qkvColumns == 4 && shape.outputColumns == 1 && shape.cacheColumns == 2)
    let keysOnly = KVCacheShape(blockCount: 2, blockSize: 2, heads: 1, headSize: 2, hasValues: false)
    #expect(keysOnly.byteCount == 2 * 2 * 2 * 4)
    let cache = test.backend.makeKVCache(keysOnly, label: "cache")
    let qkv = test.activation([0, 0, 3, -1, 0, 20, 5, 1], rows: 2)
    let heads = HeadOptions(shape: shape, queryNorm: nil, keyNorm: nil, epsilon: 0, rotary: still)
    let batch = try batch(2)
    test.backend.prepareHeads(qkv, heads, batch: batch, rows: 2, cache: cache)
    let out = test.empty(rows: 2, columns: 1)
    try test.backend.attention(qkv, shape: shape, batch: batch, rows: 2, cache: cache, into: out)
    #expect(difference(test.backend.read(out, rows: 0..<2), [3, 5]) < 1e-6)
  }

  /// Queries 3, 4 | 0, 0: the mean square over both heads is 25 / 4, so the norm is 2.5, and 2 · 4 / 2.5 is clipped to 3.
  @Test func aNormOverAllHeadsAndAClip() throws {
    let shape = AttentionShape(queryHeads: 2, keyValueHeads: 1, headSize: 2, scale: 1)
    let qkv = test.activation([3, 4, 0, 0, 1, 1, -9, 2])
    let heads = HeadOptions(
      shape: shape, queryNorm: test.backend.loadVector([1, 2, 1, 1], label: "norm"), keyNorm: nil,
      normScope: .allHeads, epsilon: 0, clip: 3, rotary: still)
    let cache = test.backend.makeKVCache(cacheShape, label: "cache")
    test.backend.prepareHeads(qkv, heads, batch: try batch(1), rows: 1, cache: cache)
    #expect(difference(test.backend.read(qkv, rows: 0..<1), [1.2, 3, 0, 0, 1, 1, -3, 2]) < 1e-6)
  }

  /// A quarter turn of the pairs (2, 3) and (4, 5) takes (a, b) to (−b, a); a norm of the first two elements leaves the rest.
  @Test func neighboursOfAPartAreRotated() throws {
    let shape = AttentionShape(queryHeads: 1, keyValueHeads: 1, headSize: 6, scale: 1, valuePrefix: 2)
    let wide = KVCacheShape(blockCount: 2, blockSize: 2, heads: 1, headSize: 6, hasValues: false)
    let qkv = test.activation([1, 7, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0])
    let heads = HeadOptions(
      shape: shape, queryNorm: test.backend.loadVector([1, 1], label: "norm"), keyNorm: nil, normScope: .prefix(2),
      epsilon: 0, rotary: test.backend.loadVector([0, 0, 1, 1], label: "rotary"), rotaryColumns: 2..<6,
      rotaryPairs: .neighbours)
    let cache = test.backend.makeKVCache(wide, label: "cache")
    test.backend.prepareHeads(qkv, heads, batch: try batch(1), rows: 1, cache: cache)
    let found = Array(test.backend.read(qkv, rows: 0..<1)[..<6])
    #expect(difference(found, [0.2, 1.4, -3, 2, -5, 4]) < 1e-6)
  }
}
