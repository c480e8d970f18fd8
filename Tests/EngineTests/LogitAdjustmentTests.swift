import Foundation
import Testing

@testable import Engine

struct LogitAdjustmentTests {
  private func adjusted(_ logits: [Float], prompt: [Int32], generated: [Int32], _ adjustment: LogitAdjustment)
    -> [Float]
  {
    var seen = SeenTokens(prompt: prompt, adjustment)
    for token in generated { seen.append(token) }
    var result = logits
    adjustment.apply(to: &result, seen)
    return result
  }

  @Test
  func `A repetition penalty divides positive logits and multiplies others, of the prompt too`() {
    var adjustment = LogitAdjustment()
    adjustment.repetitionPenalty = 2
    #expect(adjusted([4, -4, 3, 0], prompt: [0, 0], generated: [1], adjustment) == [2, -8, 3, 0])
  }

  @Test
  func `Presence counts once, frequency each time, and neither for the prompt`() {
    var adjustment = LogitAdjustment()
    adjustment.presencePenalty = 1
    adjustment.frequencyPenalty = 0.5
    #expect(adjusted([5, 5, 5], prompt: [0], generated: [1, 1, 1, 2], adjustment) == [5, 2.5, 3.5])
  }

  @Test
  func `A bias is added, and tokens outside of the vocabulary are no matter`() {
    var adjustment = LogitAdjustment()
    adjustment.bias = [1: -2, 7: 3, -1: 4]
    #expect(adjusted([1, 1], prompt: [], generated: [], adjustment) == [1, -1])
  }

  @Test
  func `Values that mean nothing are refused by name`() {
    func error(_ change: (inout LogitAdjustment) -> Void) -> String? {
      var options = SamplingOptions()
      change(&options.adjustment)
      do {
        try options.validate()
        return nil
      } catch { return error.description }
    }
    #expect(error { $0.repetitionPenalty = 0 }?.hasPrefix("repetition-penalty is 0.0") == true)
    #expect(error { $0.presencePenalty = .nan }?.hasPrefix("presence-penalty is nan") == true)
    #expect(error { $0.bias = [3: .infinity] }?.hasPrefix("logit-bias of token 3 is inf") == true)
    #expect(error { _ in } == nil)
  }

  @Test
  func `Min-p keeps what is at least so probable as a share of the best`() {
    // Probabilities 8 : 4 : 1.
    let logits: [Float] = [Float(log(8.0)), Float(log(4.0)), 0]
    func tokens(_ minP: Float) -> Set<Int32> {
      var options = SamplingOptions(temperature: 1)
      options.minP = minP
      return Set(
        (0..<400).compactMap { index in
          logits.withUnsafeBufferPointer { Sampler(options).choose($0, index: index) }
        })
    }
    #expect(tokens(0) == [0, 1, 2])
    #expect(tokens(0.2) == [0, 1])
    #expect(tokens(0.6) == [0])
    #expect(tokens(1) == [0])
  }
}
