/// The most probable tokens in order, with their weights.
struct OrderedCandidates {
  private let candidates: [Candidate]
  private let weights: [Double]

  /// - Parameter count: tokens at most.
  init(_ logits: UnsafeBufferPointer<Float>, _ weights: LogitWeights, count: Int) {
    candidates = logits.mostProbable(count)
    self.weights = candidates.map { weights[$0.logit] }
  }

  /// - Parameters:
  ///   - share: of the weight, which the most probable ones have together that may be chosen.
  ///   - uniform: place in their weight, from 0 to below 1.
  func choose(share: Float, _ uniform: Double) -> Int32? {
    let (count, total) = weights.prefix(reaching: share < 1 ? Double(share) * weights.sum : .infinity)
    return weights.prefix(count).index(at: uniform * total).map { Int32(candidates[$0].token) }
  }
}

extension RandomAccessCollection<Double> where Index == Int {
  var sum: Double { reduce(0, +) }

  /// The fewest elements, from the first on, that add up to `wanted`, and their sum; all if that is not reached.
  func prefix(reaching wanted: Double) -> (count: Int, sum: Double) {
    var sum = 0.0
    for (index, weight) in enumerated() {
      if sum >= wanted { return (index, sum) }
      sum += weight
    }
    return (count, sum)
  }

  /// The element that a place in the sum of all lies in; the last that is not 0 for one behind all; nil if all are 0.
  func index(at place: Double) -> Int? {
    var rest = place
    for index in indices {
      rest -= self[index]
      if rest < 0 { return index }
    }
    return lastIndex { $0 > 0 }
  }
}
