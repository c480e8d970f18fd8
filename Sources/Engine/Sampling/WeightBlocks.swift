/// The weights of all tokens in their order, as sums of blocks: only the block that is chosen from is looked at again.
struct WeightBlocks {
  private let logits: UnsafeBufferPointer<Float>
  private let weights: LogitWeights
  private let sums: [Double]

  /// Tokens of a block.
  private static let size = 1024

  init(_ logits: UnsafeBufferPointer<Float>, _ weights: LogitWeights) {
    self.logits = logits
    self.weights = weights
    sums = stride(from: 0, to: logits.count, by: Self.size).map { first in
      var sum = LogitWeights.Lanes()
      for start in stride(from: first, to: min(first + Self.size, logits.count), by: 4) {
        sum += weights[logits.four(start)]
      }
      return sum.sum()
    }
  }

  var total: Double { sums.sum }

  /// - Parameter uniform: place in the weight, from 0 to below 1.
  func choose(_ uniform: Double) -> Int32? {
    let place = uniform * total
    guard let block = sums.index(at: place) else { return nil }
    let first = block * Self.size
    let own = logits[first..<min(first + Self.size, logits.count)].map { weights[$0] }
    return own.index(at: place - sums[..<block].sum).map { Int32(first + $0) }
  }
}
