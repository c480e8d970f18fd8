/// Changes of the logits before a token is chosen.
package struct LogitAdjustment: Sendable, Equatable {
  /// Divides positive logits, and multiplies negative ones, of tokens that the prompt or the text has (Keskar et al. 2019).
  package var repetitionPenalty: Float = 1
  /// Taken off tokens that were generated, once, and as often as they were.
  package var presencePenalty: Float = 0
  package var frequencyPenalty: Float = 0
  /// Added to the logits of tokens.
  package var bias: [Int32: Float] = [:]

  package init() {}

  /// Whether no logit changes.
  var isNeutral: Bool { self == LogitAdjustment() }

  /// - Throws: `EngineError` naming the option that is out of range.
  func validate() throws(EngineError) {
    guard repetitionPenalty > 0, repetitionPenalty.isFinite else {
      throw EngineError("repetition-penalty is \(repetitionPenalty), expected a number above 0")
    }
    for (name, value) in [("presence-penalty", presencePenalty), ("frequency-penalty", frequencyPenalty)]
    where !value.isFinite {
      throw EngineError("\(name) is \(value), expected a number")
    }
    if let (token, value) = bias.first(where: { !$0.value.isFinite }) {
      throw EngineError("logit-bias of token \(token) is \(value), expected a number")
    }
  }

  /// - Parameter logits: [vocabulary]
  func apply(to logits: inout [Float], _ seen: SeenTokens) {
    for token in seen.all where logits.indices.contains(Int(token)) {
      let logit = logits[Int(token)]
      logits[Int(token)] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
    }
    for (token, count) in seen.counts where logits.indices.contains(Int(token)) {
      logits[Int(token)] -= presencePenalty + frequencyPenalty * Float(count)
    }
    for (token, value) in bias where logits.indices.contains(Int(token)) { logits[Int(token)] += value }
  }
}

/// Which tokens a request has, as far as its adjustment asks.
struct SeenTokens: Sendable {
  /// Those of the prompt and generated ones; empty without a repetition penalty.
  private(set) var all: Set<Int32> = []
  /// How often each was generated; empty without the penalties that count.
  private(set) var counts: [Int32: Int] = [:]
  private let keepsAll: Bool
  private let keepsCounts: Bool

  init(prompt: [Int32], _ adjustment: LogitAdjustment) {
    keepsAll = adjustment.repetitionPenalty != 1
    keepsCounts = adjustment.presencePenalty != 0 || adjustment.frequencyPenalty != 0
    if keepsAll { all = Set(prompt) }
  }

  mutating func append(_ token: Int32) {
    if keepsAll { all.insert(token) }
    if keepsCounts { counts[token, default: 0] += 1 }
  }
}
