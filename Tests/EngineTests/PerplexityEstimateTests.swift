import Engine
import Foundation
import Testing

struct PerplexityEstimateTests {
  /// Of four tokens that are equally probable, each is one in four.
  @Test func equalProbabilitiesGiveTheNumberOfTokens() {
    var estimate = PerplexityEstimate()
    estimate.add([0, 1, 2, 3, 0, 1], logits: [Float](repeating: 2.5, count: 24))
    // Positions 3 and 4 predict the tokens behind them.
    #expect(estimate.count == 2)
    #expect(abs(estimate.value - 4) < 1e-12 && estimate.error < 1e-6)
  }

  /// Probabilities 1/2 and 1/8: mean −log is 2 log 2, so 4; the standard error by hand: half the difference of the logs,
  /// log 4 / 2 = log 2, times 4.
  @Test func theErrorIsTheMeansStandardError() {
    let even: [Float] = [0, 0, -.infinity, -.infinity]
    let odd: [Float] = [0, Float(log(7.0)), -.infinity, -.infinity]
    let unused: [Float] = [0, 0, 0, 0]
    var estimate = PerplexityEstimate()
    estimate.add([1, 1, 1, 0, 0, 1], logits: unused + unused + unused + even + odd + unused)
    // Position 3 predicts token 0 with 1/2, position 4 token 1 with 7/8.
    var other = PerplexityEstimate()
    other.add([1, 1, 1, 0, 0, 0], logits: unused + unused + unused + even + odd + unused)
    #expect(abs(other.value - 4) < 1e-6)
    #expect(abs(other.error - 4 * log(2)) < 1e-5)
    #expect(abs(estimate.value - exp((log(2) + log(8.0 / 7)) / 2)) < 1e-6)
  }

  @Test func aTextIsCutIntoWholeWindows() throws {
    let windows = try PerplexityEstimate.windows([1, 2, 3, 4, 5, 6, 7], length: 3, bos: nil)
    #expect(windows == [[1, 2, 3], [4, 5, 6]])
    #expect(try PerplexityEstimate.windows([1, 2, 3, 4, 5, 6], length: 3, bos: 0) == [[0, 2, 3], [0, 5, 6]])
    let error = #expect(throws: EngineError.self) {
      _ = try PerplexityEstimate.windows([1, 2, 3], length: 2, bos: nil)
    }
    #expect(error?.description.contains("4") == true)
  }
}
