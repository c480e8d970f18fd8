package import Backend
import Foundation

extension ReferenceBackend {
  package func prepareHeads(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache
  ) {
    let shape = heads.shape
    for run in batch.layout.runs where run.rows.upperBound <= rows {
      for row in run.rows {
        let position = Int(batch.positions[row])
        let vectors = qkv.row(row)
        func head(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
          UnsafeMutableBufferPointer(rebasing: vectors[index * shape.headSize..<(index + 1) * shape.headSize])
        }
        for index in 0..<shape.queryHeads + shape.keyValueHeads {
          let norm = index < shape.queryHeads ? heads.queryNorm : heads.keyNorm
          if let norm { Self.rmsNorm(head(index), weight: norm.values, epsilon: heads.epsilon, into: head(index)) }
          Self.rotate(head(index), rotary: heads.rotary.values, position: position)
        }
        for index in 0..<shape.keyValueHeads {
          let key = head(shape.queryHeads + index)
          let value = head(shape.queryHeads + shape.keyValueHeads + index)
          let offset = cache.offset(head: index, position: position, blocks: run.blocks)
          for d in 0..<shape.headSize {
            cache.keys[offset + d] = key[d]
            cache.values[offset + d] = value[d]
          }
        }
      }
    }
  }

  /// Rotary embedding (Su et al. 2021) of pairs (i, i + headSize / 2), as Hugging Face's checkpoints lay them out.
  static func rotate(_ x: UnsafeMutableBufferPointer<Float>, rotary: [Float], position: Int) {
    let half = x.count / 2
    for i in 0..<half {
      let cosine = Double(rotary[position * x.count + i])
      let sine = Double(rotary[position * x.count + half + i])
      let (a, b) = (Double(x[i]), Double(x[i + half]))
      x[i] = Float(a * cosine - b * sine)
      x[i + half] = Float(b * cosine + a * sine)
    }
  }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, batch: Batch, rows: Int, cache: KVCache, into out: Activation
  ) {
    let group = shape.queryHeads / shape.keyValueHeads
    for run in batch.layout.runs where run.rows.upperBound <= rows {
      for row in run.rows {
        let context = Int(batch.positions[row]) + 1
        for head in 0..<shape.queryHeads {
          let query = qkv.row(row)[head * shape.headSize..<(head + 1) * shape.headSize]
          var scores = [Double](repeating: 0, count: context)
          for position in 0..<context {
            let offset = cache.offset(head: head / group, position: position, blocks: run.blocks)
            var score = 0.0
            for d in 0..<shape.headSize {
              score += Double(query[query.startIndex + d]) * Double(cache.keys[offset + d])
            }
            scores[position] = score * Double(shape.scale)
          }
          let weights = Self.softmax(scores)
          var sums = [Double](repeating: 0, count: shape.headSize)
          for position in 0..<context {
            let offset = cache.offset(head: head / group, position: position, blocks: run.blocks)
            for d in 0..<shape.headSize { sums[d] += weights[position] * Double(cache.values[offset + d]) }
          }
          for d in 0..<shape.headSize { out.row(row)[head * shape.headSize + d] = Float(sums[d]) }
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
