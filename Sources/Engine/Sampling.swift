import Foundation
import Scheduling

/// How the next token is chosen from the logits.
package struct SamplingOptions: Sendable, Equatable {
  /// Divides the logits; 0 takes the most probable token each time.
  package var temperature: Float
  /// Samples from this many of the most probable tokens; 0 for all.
  package var topK: Int
  /// Samples from the most probable tokens that together have this share of the probability; 1 for all.
  package var topP: Float
  /// Samples from tokens at least so probable, as a share of the most probable one; 0 for all.
  package var minP: Float = 0
  /// The same seed gives the same tokens, whoever else is in the batch.
  package var seed: UInt64
  /// How tokens that were there before, and chosen ones, are made less or more probable.
  package var adjustment = LogitAdjustment()

  package init(temperature: Float = 0, topK: Int = 0, topP: Float = 1, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }

  package static let greedy = SamplingOptions()

  /// - Throws: `EngineError` naming the option that is out of range.
  package func validate() throws(EngineError) {
    guard temperature >= 0, temperature.isFinite else {
      throw EngineError("temperature is \(temperature), expected 0 or more")
    }
    guard topK >= 0 else { throw EngineError("top-k is \(topK), expected 0 (all) or more") }
    guard topP > 0, topP <= 1 else { throw EngineError("top-p is \(topP), expected above 0 and at most 1") }
    guard minP >= 0, minP <= 1 else { throw EngineError("min-p is \(minP), expected 0 to 1") }
    try adjustment.validate()
  }
}

/// Chooses tokens of one request. A choice depends on the logits, the options and the token's index alone.
package struct Sampler: Sendable {
  package let options: SamplingOptions

  package init(_ options: SamplingOptions) { self.options = options }

  /// The token number `index` of the text, from 0; nil if no logit is a number.
  ///
  /// Equal logits: the lower token first. NaN is never chosen.
  package func choose(_ logits: UnsafeBufferPointer<Float>, index: Int) -> Int32? {
    guard options.temperature > 0 else { return Self.argmax(logits) }
    return sample(candidates(logits), uniform: uniform(index))
  }

  private static func argmax(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
    var best: Int?
    for (token, logit) in logits.enumerated() where !logit.isNaN {
      if let current = best, logit <= logits[current] { continue }
      best = token
    }
    return best.map(Int32.init)
  }

  /// Tokens to sample from, with their logits; most probable first if a limit asks for an order.
  private func candidates(_ logits: UnsafeBufferPointer<Float>) -> [(token: Int32, logit: Float)] {
    let all = logits.enumerated().lazy.filter { !$1.isNaN }.map { (token: Int32($0), logit: $1) }
    let limited = options.topK > 0 && options.topK < logits.count
    guard limited || options.topP < 1 else { return Array(all) }
    func precedes(_ a: (token: Int32, logit: Float), _ b: (token: Int32, logit: Float)) -> Bool {
      a.logit != b.logit ? a.logit > b.logit : a.token < b.token
    }
    if limited {
      // What is below the k-th largest is dropped before the sort.
      let floor = all.map(\.logit).sorted(by: >).prefix(options.topK).last ?? -.infinity
      let kept = all.filter { $0.logit >= floor }.sorted(by: precedes).prefix(options.topK)
      return Array(kept)
    }
    return all.sorted(by: precedes)
  }

  /// Softmax with temperature, cut at `topP`, then the inverse of the distribution at `uniform`.
  private func sample(_ candidates: [(token: Int32, logit: Float)], uniform: Double) -> Int32? {
    guard let largest = candidates.lazy.map(\.logit).max() else { return nil }
    // With an infinite logit the difference is NaN; then the largest wins.
    guard largest.isFinite else { return candidates.first { $0.logit == largest }?.token }
    var candidates = candidates
    var weights = candidates.map { exp(Double($0.logit - largest) / Double(options.temperature)) }
    if options.minP > 0 {
      let kept = weights.indices.filter { weights[$0] >= Double(options.minP) }
      candidates = kept.map { candidates[$0] }
      weights = kept.map { weights[$0] }
    }
    var total = weights.reduce(0, +)
    var count = weights.count
    if options.topP < 1 {
      let wanted = Double(options.topP) * total
      var sum = 0.0
      count = 0
      while count < weights.count, sum < wanted {
        sum += weights[count]
        count += 1
      }
      total = sum
    }
    var rest = uniform * total
    for index in 0..<count {
      rest -= weights[index]
      if rest < 0 { return candidates[index].token }
    }
    return candidates[max(count - 1, 0)].token
  }

  /// In [0, 1): number `index` of the sequence that the seed gives.
  private func uniform(_ index: Int) -> Double {
    var random = SeededRandom(options.seed &+ SeededRandom.step &* UInt64(truncatingIfNeeded: index))
    return random.unit()
  }
}
