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
