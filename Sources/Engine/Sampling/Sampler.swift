import Scheduling

/// Chooses tokens of one request. A choice depends on the logits, the options and the token's index alone.
package struct Sampler: Sendable {
  package let options: SamplingOptions

  package init(_ options: SamplingOptions) { self.options = options }

  /// The token number `index` of the text, from 0; nil if no logit is a number.
  ///
  /// The inverse of the distribution at a number in [0, 1) that follows from the seed and the index: in the order of
  /// tokens, or from the most probable one on if `topK` or `topP` asks for that order. Equal logits: the lower token first.
  /// NaN is never chosen.
  package func choose(_ logits: UnsafeBufferPointer<Float>, index: Int) -> Int32? {
    guard let best = logits.largest() else { return nil }
    // With an infinite logit the others' weights mean nothing.
    guard options.temperature > 0, best.logit.isFinite else { return Int32(best.index) }
    let weights = LogitWeights(largest: best.logit, temperature: options.temperature, least: options.minP)
    let uniform = uniform(index)
    if options.topK > 0, options.topK < logits.count {
      return OrderedCandidates(logits, weights, count: options.topK).choose(share: options.topP, uniform)
    }
    if options.topP < 1 { return Nucleus(logits, weights).choose(share: options.topP, uniform) }
    return WeightBlocks(logits, weights).choose(uniform)
  }

  /// In [0, 1): number `index` of the sequence that the seed gives.
  private func uniform(_ index: Int) -> Double {
    var random = SeededRandom(options.seed &+ SeededRandom.step &* UInt64(truncatingIfNeeded: index))
    return random.unit()
  }
}
