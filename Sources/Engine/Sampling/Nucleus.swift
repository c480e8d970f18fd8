/// The weights of all tokens from the most probable one on, as sums of ranges of logits: only the ranges are sorted in which
/// the share ends, and in which the choice lies.
struct Nucleus {
  private let logits: UnsafeBufferPointer<Float>
  private let weights: LogitWeights
  private var sums = [Double](repeating: 0, count: Self.count)

  /// Ranges, and how many of them make a factor of e of the weight. What is below all of them is in the last.
  private static let count = 1024
  private static let resolution = 16.0

  init(_ logits: UnsafeBufferPointer<Float>, _ weights: LogitWeights) {
    self.logits = logits
    self.weights = weights
    for start in stride(from: 0, to: logits.count, by: 4) {
      let exponents = weights.exponents(logits.four(start))
      let own = weights.weights(exponents)
      let places = Self.places(exponents)
      for lane in 0..<4 where own[lane] > 0 { sums[Int(places[lane])] += own[lane] }
    }
  }

  /// The number of each exponent's range, with a fraction; NaN for NaN.
  private static func places(_ exponents: LogitWeights.Lanes) -> LogitWeights.Lanes {
    let places = exponents * -resolution
    return places.replacing(with: Double(count - 1), where: places .> Double(count - 1))
  }

  /// - Parameters:
  ///   - share: of the weight, which the most probable ones have together that may be chosen.
  ///   - uniform: place in their weight, from 0 to below 1.
  func choose(share: Float, _ uniform: Double) -> Int32? {
    let wanted = Double(share) * sums.sum
    guard let last = sums.index(at: wanted) else { return nil }
    let before = sums[..<last].sum
    let ending = members(of: last)
    let (count, sum) = ending.map(\.weight).prefix(reaching: wanted - before)
    let place = uniform * (before + sum)
    guard place < before, let range = sums[..<last].index(at: place) else {
      return Self.choose(ending.prefix(count), place - before)
    }
    return Self.choose(members(of: range)[...], place - sums[..<range].sum)
  }

  private static func choose(_ members: ArraySlice<(token: Int, weight: Double)>, _ place: Double) -> Int32? {
    members.map(\.weight).index(at: place).map { Int32(members[$0].token) }
  }

  /// The tokens of a range with their weights, most probable first.
  private func members(of range: Int) -> [(token: Int, weight: Double)] {
    var found: [Candidate] = []
    for start in stride(from: 0, to: logits.count, by: 4) {
      let four = logits.four(start)
      let places = Self.places(weights.exponents(four))
      let isInside = (places .>= Double(range)) .& (places .< Double(range + 1))
      guard any(isInside) else { continue }
      for lane in 0..<4 where isInside[lane] {
        found.append(Candidate(token: start + lane, logit: four[lane]))
      }
    }
    return found.sorted(by: Candidate.precedes).map { ($0.token, weights[$0.logit]) }.filter { $0.weight > 0 }
  }
}
