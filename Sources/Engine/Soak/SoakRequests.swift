import Scheduling

/// Different requests, which a soak asks for again and again: long and short ones, greedy and sampled, some with a beginning in
/// common.
struct SoakRequests: Sendable {
  static let count = 48
  static let longestPrompt = 200
  static let mostTokens = 32

  let all: [GenerationRequest]

  init(vocabulary: Int, seed: UInt64) {
    var random = SeededRandom(seed)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }
    let shared = tokens(64)
    all = (0..<Self.count).map { index in
      let length = Int.random(in: 1...(index.isMultiple(of: 4) ? Self.longestPrompt : 40), using: &random)
      let own = tokens(length)
      let prompt = index.isMultiple(of: 3) ? Array((shared + own).prefix(Self.longestPrompt)) : own
      let sampling =
        index.isMultiple(of: 2)
        ? SamplingOptions.greedy : SamplingOptions(temperature: 0.8, topK: 40, topP: 0.95, seed: UInt64(index))
      return GenerationRequest(
        prompt: prompt, maxTokens: Int.random(in: 1...Self.mostTokens, using: &random), sampling: sampling,
        priority: Int.random(in: 0...2, using: &random))
    }
  }

  /// Positions of the longest one.
  var positions: Int { all.map(\.positions).max() ?? 1 }
}
