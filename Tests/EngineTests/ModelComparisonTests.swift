import Engine
import Testing

/// What counts as the same text, and as the same hidden states.
struct ModelComparisonTests {
  /// Token 2 is the best, token 0 within a tie, token 1 far off.
  private let tied: [Float] = [1 - ModelComparison.tie / 2, 0, 1, -1]
  private let clear: [Float] = [0, 0, 0, 5]

  private func agree(_ found: [Int32]) -> Bool {
    ModelComparison.agree(found, [3, 2, 3], logits: [clear, tied, clear])
  }

  @Test func theSameTokensAgree() { #expect(agree([3, 2, 3])) }

  @Test func fewerOrMoreTokensDoNot() {
    for found: [Int32] in [[], [3], [3, 2], [3, 2, 3, 3]] { #expect(!agree(found), "\(found)") }
  }

  @Test func aTokenWithinTheTieAgreesWhateverFollows() {
    for found: [Int32] in [[3, 0], [3, 0, 1], [3, 0, 1, 1]] { #expect(agree(found), "\(found)") }
  }

  @Test func atATieAnyOtherTokenIsWrong() {
    for found: [Int32] in [[3, 1, 3], [3, 3, 3], [3, 4, 3], [3, -1, 3]] { #expect(!agree(found), "\(found)") }
  }

  @Test func aTokenElsewhereIsWrong() { #expect(!agree([0, 2, 3]) && !agree([3, 2, 0])) }

  @Test func statesOnOneSideOnlyAreWrong() {
    let states: [[Float]] = [[1, 2], [3, 4], [5, 6]]
    for found in [[], Array(states[..<2]), states + [[7, 8]]] {
      let stages = ModelComparison.stages(found, states)
      #expect(stages.count == max(found.count, 3) && stages.contains { $0.error == .infinity })
    }
    let same = ModelComparison.stages(states, states)
    #expect(same.map(\.name) == ["input of layer 0", "input of layer 1", "final norm"])
    #expect(same.allSatisfy { $0.error == 0 && $0.maxError == 0 })
  }
}
