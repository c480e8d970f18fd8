import Foundation

/// How probable the model found a token, and which ones it found most probable, before anything adjusts the logits.
package struct TokenLogprobs: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var token: Int32
    /// Natural logarithm of the softmax of the logits.
    package var logprob: Double
  }

  package var chosen: Entry
  /// Most probable first; of equal ones the lower token.
  package var top: [Entry]

  /// - Parameters:
  ///   - logits: [vocabulary]; NaN counts as impossible.
  ///   - count: entries of `top`, at most: there is none that is impossible.
  init(of token: Int32, in logits: ArraySlice<Float>, top count: Int) {
    self = logits.withUnsafeBufferPointer { Self(of: Int(token), $0, top: count) }
  }

  private init(of token: Int, _ logits: UnsafeBufferPointer<Float>, top count: Int) {
    let largest = logits.largest()?.logit ?? -.infinity
    // ln Σ exp(logit) = largest + ln Σ exp(logit - largest)
    let sum = largest.isFinite ? WeightBlocks(logits, LogitWeights(largest: largest, temperature: 1)).total : 1
    let normaliser = Double(largest) + log(sum)
    func entry(_ token: Int) -> Entry {
      let logit = logits[token]
      return Entry(token: Int32(token), logprob: logit.isNaN ? -.infinity : Double(logit) - normaliser)
    }
    chosen = entry(token)
    top = count > 0 ? logits.mostProbable(count).map { entry($0.token) } : []
  }
}
