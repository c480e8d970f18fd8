import Engine
import Foundation
import Scheduling
import TestSupport
import Testing

struct SamplerTests {
  private func choose(_ logits: [Float], _ options: SamplingOptions = .greedy, index: Int = 0) -> Int32? {
    logits.withUnsafeBufferPointer { Sampler(options).choose($0, index: index) }
  }

  @Test func greedyTakesTheLargestAndOfEqualsTheLower() {
    #expect(choose([1, 3, 2]) == 1)
    #expect(choose([1, 3, 2, 3]) == 1)
    #expect(choose([0, 0, 0]) == 0)
    #expect(choose([-0.0, 0.0]) == 0)
    #expect(choose([-.infinity, -5]) == 1)
    #expect(choose([1, .infinity]) == 1)
  }

  @Test func notANumberIsNeverChosen() {
    #expect(choose([.nan, 1, .nan, 2, .nan]) == 3)
    #expect(choose([.nan, .nan]) == nil)
    #expect(choose([]) == nil)
    for options in [
      SamplingOptions(temperature: 1), SamplingOptions(temperature: 1, topK: 2),
      SamplingOptions(temperature: 1, topP: 0.9),
    ] {
      for index in 0..<200 {
        #expect([1, 3].contains(choose([.nan, 1, .nan, 1.5, .nan], options, index: index) ?? -1))
      }
      #expect(choose([.nan, .nan], options) == nil)
    }
  }

  @Test func infiniteLogitsWin() {
    #expect(choose([0, .infinity, 5], SamplingOptions(temperature: 2)) == 1)
    for index in 0..<100 {
      #expect(choose([-.infinity, 0, -.infinity], SamplingOptions(temperature: 2), index: index) == 1)
    }
  }

  /// Top-k 1 is greedy, with its rule for ties, at any temperature.
  @Test func topKOfOneIsGreedy() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for index in 0..<300 {
      // Few values, so that there are ties.
      let logits = (0..<40).map { _ in Float(Int.random(in: -4...4, using: &random)) }
      let options = SamplingOptions(temperature: 1.5, topK: 1, seed: random.next())
      #expect(choose(logits, options, index: index) == choose(logits), "seed \(seed)")
    }
  }

  /// ln 5, ln 3, ln 1, ln 1 are shares of 0.5, 0.3, 0.1, 0.1; of equals the lower token is kept.
  @Test(arguments: [
    (topK: 0, topP: Float(1), kept: [0, 1, 2, 3]), (topK: 2, topP: 1, kept: [0, 1]),
    (topK: 3, topP: 1, kept: [0, 1, 2]),
    (topK: 9, topP: 1, kept: [0, 1, 2, 3]), (topK: 0, topP: 0.45, kept: [0]), (topK: 0, topP: 0.55, kept: [0, 1]),
    (topK: 0, topP: 0.75, kept: [0, 1]), (topK: 0, topP: 0.85, kept: [0, 1, 2]),
    // The share is one of what top-k leaves: 5 of 8 is 0.625.
    (topK: 2, topP: 0.6, kept: [0]), (topK: 2, topP: 0.65, kept: [0, 1]),
  ])
  func limitsKeepTheMostProbable(topK: Int, topP: Float, kept: [Int]) {
    let logits = [Float(log(5.0)), Float(log(3.0)), 0, 0]
    let options = SamplingOptions(temperature: 1, topK: topK, topP: topP, seed: 3)
    let found = Set((0..<2000).compactMap { choose(logits, options, index: $0) }.map(Int.init))
    #expect(found == Set(kept))
  }

  /// Pearson's χ² of 20,000 tokens against softmax(logits / temperature), with 5 degrees of freedom: a right sampler
  /// passes 20.5 once in a thousand times (critical values of the χ² distribution), so of six fixed seeds each must.
  @Test(arguments: [Float(0.5), 1, 2], [UInt64(1), 987_654_321])
  func tokensComeInTheirShares(temperature: Float, seed: UInt64) {
    let logits: [Float] = [0.3, -1, 1.2, 0, -0.4, 0.9]
    let weights = logits.map { exp(Double($0) / Double(temperature)) }
    let total = weights.reduce(0, +)
    var counts = [Double](repeating: 0, count: logits.count)
    let draws = 20_000
    for index in 0..<draws {
      guard let token = choose(logits, SamplingOptions(temperature: temperature, seed: seed), index: index) else {
        Issue.record("no token")
        return
      }
      counts[Int(token)] += 1
    }
    let statistic = zip(counts, weights).reduce(0.0) { sum, pair in
      let expected = pair.1 / total * Double(draws)
      return sum + (pair.0 - expected) * (pair.0 - expected) / expected
    }
    #expect(statistic < 20.5, "counts \(counts)")
  }

  @Test func aSeedGivesTheSameTokensEachTime() {
    let logits = (0..<100).map { Float($0 % 7) * 0.1 }
    func tokens(seed: UInt64) -> [Int32?] {
      (0..<64).map { choose(logits, SamplingOptions(temperature: 1, seed: seed), index: $0) }
    }
    #expect(tokens(seed: 5) == tokens(seed: 5))
    #expect(tokens(seed: 5) != tokens(seed: 6))
    #expect(Set(tokens(seed: 5)).count > 10, "the index matters")
  }

  /// What the options say, word for word: all tokens sorted, all weights by the library's `exp`.
  private func plainChoice(_ logits: [Float], _ options: SamplingOptions, index: Int) -> Int32? {
    var random = SeededRandom(options.seed &+ SeededRandom.step &* UInt64(index))
    let uniform = random.unit()
    var tokens = logits.indices.filter { !logits[$0].isNaN }
    if (1..<logits.count).contains(options.topK) || options.topP < 1 {
      tokens.sort { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
    }
    if options.topK > 0 { tokens = Array(tokens.prefix(options.topK)) }
    guard let largest = tokens.map({ logits[$0] }).max() else { return nil }
    func weight(_ token: Int) -> Double { exp(Double(logits[token] - largest) / Double(options.temperature)) }
    tokens.removeAll { weight($0) < Double(options.minP) }
    if options.topP < 1 {
      let wanted = Double(options.topP) * tokens.map(weight).reduce(0, +)
      var sum = 0.0
      tokens = tokens.prefix { token in
        defer { sum += weight(token) }
        return sum < wanted
      }
    }
    var rest = uniform * tokens.map(weight).reduce(0, +)
    return tokens.first { token in
      rest -= weight(token)
      return rest < 0
    }.map(Int32.init)
  }

  enum Shape: CaseIterable { case spread, tied, impossible, steep }

  private func logits(_ count: Int, _ shape: Shape, _ random: inout SplitMix64) -> [Float] {
    (0..<count).map { _ in
      switch shape {
      case .spread: Float.random(in: 0..<10, using: &random)
      case .tied: Float(Int.random(in: 0..<8, using: &random))
      case .impossible: [.nan, -.infinity, Float.random(in: -3..<3, using: &random)].randomElement(using: &random) ?? 0
      case .steep: Float.random(in: -900..<900, using: &random)
      }
    }
  }

  /// The quick ways to the answer give the answer: around the sizes at which lanes, room and blocks end.
  @Test(arguments: Shape.allCases, [1, 3, 4, 5, 15, 17, 63, 64, 65, 129, 1023, 1025, 4099])
  func everyWayGivesThePlainChoice(shape: Shape, count: Int) {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for index in 0..<3 {
      var logits = logits(count, shape, &random)
      logits[Int.random(in: 0..<count, using: &random)] = 0
      for (topK, topP, minP) in [
        (0, Float(1), Float(0)), (1, 1, 0), (20, 1, 0), (20, 0.8, 0), (70, 0.9, 0.01), (0, 0.8, 0), (0, 0.99, 0.1),
        (0, 0.001, 0), (0, 1, 0.05),
      ] {
        for temperature in [Float(0.01), 0.7, 1.3] {
          var options = SamplingOptions(temperature: temperature, topK: topK, topP: topP, seed: random.next())
          options.minP = minP
          #expect(
            choose(logits, options, index: index) == plainChoice(logits, options, index: index),
            "seed \(seed), \(count) tokens, \(options)")
        }
      }
    }
  }

  @Test(arguments: [
    (SamplingOptions(temperature: -1), "temperature is -1.0, expected 0 or more"),
    (SamplingOptions(temperature: .nan), "temperature is nan"),
    (SamplingOptions(temperature: .infinity), "temperature is inf"),
    (SamplingOptions(topK: -2), "top-k is -2, expected 0 (all) or more"),
    (SamplingOptions(topP: 0), "top-p is 0.0, expected above 0 and at most 1"),
    (SamplingOptions(topP: 1.1), "top-p is 1.1"), (SamplingOptions(topP: .nan), "top-p is nan"),
  ])
  func optionsOutOfRangeAreNamed(options: SamplingOptions, message: String) {
    let error = #expect(throws: EngineError.self) { try options.validate() }
    #expect(error?.description.contains(message) == true, "\(error.debugDescription)")
  }
}
