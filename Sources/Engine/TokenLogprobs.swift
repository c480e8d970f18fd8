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
  ///   - count: entries of `top`.
  init(of token: Int32, in logits: ArraySlice<Float>, top count: Int) {
    let start = logits.startIndex
    let largest = logits.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
    let sum = logits.reduce(0.0) { $1.isNaN ? $0 : $0 + exp(Double($1) - Double(largest)) }
    let normaliser = Double(largest) + log(sum)
    func entry(_ index: Int) -> Entry {
      let logit = logits[index]
      let logprob = logit.isNaN ? -Double.infinity : Double(logit) - normaliser
      return Entry(token: Int32(index - start), logprob: logprob)
    }
    chosen = entry(start + Int(token))
    top = Self.largest(count, of: logits).map(entry)
  }

  /// Indices of the largest logits, by insertion: `count` is small.
  private static func largest(_ count: Int, of logits: ArraySlice<Float>) -> [Int] {
    var best: [Int] = []
    guard count > 0 else { return best }
    for (index, logit) in zip(logits.indices, logits) where !logit.isNaN {
      if best.count == count, let last = best.last, logit <= logits[last] { continue }
      let place = best.firstIndex { logits[$0] < logit } ?? best.count
      best.insert(index, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
