import Foundation
import TestSupport
import Testing

@testable import Engine

struct LogitWeightsTests {
  private func exponential(_ x: Double) -> Double { LogitWeights.exponential(.init(repeating: x))[0] }

  @Test func theExponentialIsThatOfTheLibrary() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<20_000 {
      let x = -Double.random(in: 0..<700, using: &random)
      #expect(abs(exponential(x) - exp(x)) <= 2 * exp(x).ulp, "seed \(seed): exp(\(x))")
    }
    #expect(exponential(0) == 1)
    #expect(exponential(-.leastNonzeroMagnitude) == 1)
    #expect(exponential(-701) == 0)
    #expect(exponential(-.greatestFiniteMagnitude) == 0)
    #expect(exponential(-.infinity) == 0)
    #expect(exponential(.nan).isNaN)
  }

  /// exp(-ln 2) and exp(-ln 4) with temperature 1; squared with 0.5.
  @Test func weightsAreSharesOfTheLargest() {
    let logits: SIMD4<Float> = [5, 5 - Float(log(2.0)), 5 - Float(log(4.0)), .nan]
    for (temperature, expected) in [(Float(1), [1, 0.5, 0.25, 0]), (0.5, [1, 0.25, 0.0625, 0])] {
      let weights = LogitWeights(largest: 5, temperature: temperature)[logits]
      for lane in 0..<4 { #expect(abs(weights[lane] - expected[lane]) < 1e-6) }
    }
    #expect(LogitWeights(largest: 5, temperature: 1, least: 0.4)[logits][2] == 0)
  }
}
