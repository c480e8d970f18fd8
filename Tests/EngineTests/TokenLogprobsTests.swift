import Foundation
import Testing

@testable import Engine

struct TokenLogprobsTests {
  @Test
  func `Log probabilities are those of a softmax`() {
    // Of 1 : 2 : 1.
    let logits: [Float] = [0, Float(log(2.0)), 0]
    let result = TokenLogprobs(of: 2, in: logits[...], top: 2)
    #expect(abs(result.chosen.logprob - log(0.25)) < 1e-7)
    #expect(result.chosen.token == 2)
    #expect(result.top.map(\.token) == [1, 0])
    #expect(abs(result.top[0].logprob - log(0.5)) < 1e-7)
  }

  @Test
  func `A slice counts from its own beginning, and NaN is impossible`() {
    let logits: [Float] = [9, 9, 1, .nan, 1]
    let result = TokenLogprobs(of: 0, in: logits[2...], top: 5)
    #expect(abs(result.chosen.logprob - log(0.5)) < 1e-7)
    #expect(result.top.map(\.token) == [0, 2])
    #expect(TokenLogprobs(of: 1, in: logits[2...], top: 0).chosen.logprob == -.infinity)
  }

  @Test
  func `Large logits do not overflow`() {
    let result = TokenLogprobs(of: 0, in: [3e38, 0][...], top: 1)
    #expect(result.chosen.logprob == 0)
  }
}
