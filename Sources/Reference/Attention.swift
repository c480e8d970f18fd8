package import Backend
import Foundation

extension ReferenceBackend {
  package func prepareHeads(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache
  ) {
    let shape = heads.shape
    let size = shape.headSize
    for run in batch.layout.runs where run.rows.upperBound <= rows {
      for row in run.rows {
        let position = Int(batch.positions[row])
        let vectors = qkv.row(row)
        let queries = window(vectors, 0..<shape.queryColumns)
        let keys = window(vectors, shape.queryColumns..<shape.queryColumns + shape.keyValueHeads * size)
        Self.normalise(queries, weight: heads.queryNorm?.values, heads)
        Self.normalise(keys, weight: heads.keyNorm?.values, heads)
        if let clip = heads.clip {
          for index in vectors.indices { vectors[index] = Self.clamp(vectors[index], -clip, clip) }
        }
        for index in 0..<shape.queryHeads + shape.keyValueHeads {
          let start = index * size
          let turned = window(
            vectors, start + heads.rotaryColumns.lowerBound..<start + heads.rotaryColumns.upperBound)
          Self.rotate(turned, rotary: heads.rotary.values, position: position, pairs: heads.rotaryPairs)
        }
        for index in 0..<shape.keyValueHeads {
          let offset = cache.offset(head: index, position: position, blocks: run.blocks)
          let value = shape.queryColumns + (shape.keyValueHeads + index) * size
          for d in 0..<size {
            cache.keys[offset + d] = keys[index * size + d]
            if shape.valuePrefix == nil { cache.values[offset + d] = vectors[value + d] }
          }
        }
      }
    }
  }

  private func window(
    _ x: UnsafeMutableBufferPointer<Float>, _ range: Range<Int>
  ) -> UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(rebasing: x[range]) }

  /// The norm of queries or keys, as its scope says.
  private static func normalise(
    _ x: UnsafeMutableBufferPointer<Float>, weight: [Float]?, _ heads: HeadOptions<Vector>
  ) {
    guard let weight else { return }
    let columns =
      switch heads.normScope {
      case .allHeads: x.count
      case .head: heads.shape.headSize
      case .prefix(let columns): columns
      }
    for start in stride(from: 0, to: x.count, by: heads.normScope == .allHeads ? x.count : heads.shape.headSize) {
      let part = UnsafeMutableBufferPointer(rebasing: x[start..<start + columns])
      rmsNorm(part, weight: weight, epsilon: heads.epsilon, into: part)
    }
  }

  /// Rotary embedding (Su et al. 2021) of the pairs of `x`.
  static func rotate<Vector>(
    _ x: UnsafeMutableBufferPointer<Float>, rotary: [Float], position: Int, pairs: HeadOptions<Vector>.RotaryPairs
  ) {
    let half = x.count / 2
    for i in 0..<half {
      let cosine = Double(rotary[position * x.count + i])
      let sine = Double(rotary[position * x.count + half + i])
      let (first, second) = pairs == .halves ? (i, i + half) : (2 * i, 2 * i + 1)
      let (a, b) = (Double(x[first]), Double(x[second]))
      x[first] = Float(a * cosine - b * sine)
      x[second] = Float(b * cosine + a * sine)
    }
  }

  /// `x` brought into a range; NaN stays NaN.
  static func clamp<T: FloatingPoint>(_ x: T, _ least: T, _ most: T) -> T { x > most ? most : x < least ? least : x }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation
  ) {
    let group = shape.queryHeads / shape.keyValueHeads
    for run in batch.layout.runs where run.rows.upperBound <= rows {
      for row in run.rows {
        let position = Int(batch.positions[row])
        let visible = shape.firstVisible(from: position)...position
        for head in 0..<shape.queryHeads {
          let query = qkv.row(row)[head * shape.headSize..<(head + 1) * shape.headSize]
          let offsets = visible.map { cache.offset(head: head / group, position: $0, blocks: run.blocks) }
          var scores = offsets.map { offset in
            var score = 0.0
            for d in 0..<shape.headSize {
              score += Double(query[query.startIndex + d]) * Double(cache.keys[offset + d])
            }
            return score * Double(shape.scale)
          }
          if let sinks { scores.append(Double(sinks.values[head])) }
          let weights = Self.softmax(scores)
          var sums = [Double](repeating: 0, count: shape.valueSize)
          for (weight, offset) in zip(weights, offsets) {
            for d in 0..<shape.valueSize { sums[d] += weight * Double(cache.values[offset + d]) }
          }
          for d in 0..<shape.valueSize { out.row(row)[head * shape.valueSize + d] = Float(sums[d]) }
        }
      }
    }
  }

  /// exp(xᵢ − max x) / Σ exp(xⱼ − max x).
  static func softmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let exponentials = x.map { exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
