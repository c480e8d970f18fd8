import Foundation
import Testing

@testable import Tokenizers

struct BytePairMergesTests {
  /// Joins by the definition: again and again the leftmost pair of the lowest rank.
  private func mergeSlowly(_ word: [Int32], _ merges: [(left: Int32, right: Int32, result: Int32)]) -> [Int32] {
    var word = word
    while true {
      var best: (rank: Int, place: Int)?
      for place in word.indices.dropLast() {
        let rank = merges.firstIndex { $0.left == word[place] && $0.right == word[place + 1] }
        if let rank, rank < best?.rank ?? .max { best = (rank, place) }
      }
      guard let best else { return word }
      word.replaceSubrange(best.place...best.place + 1, with: [merges[best.rank].result])
    }
  }

  @Test func agreesWithTheDefinition() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(state: seed)
    for _ in 0..<300 {
      // Each merge makes a token of its own, so the order of joining is fixed by the definition alone.
      var merges: [(left: Int32, right: Int32, result: Int32)] = []
      for result in Int32(4)..<24 {
        let pair = (Int32.random(in: 0..<result, using: &random), Int32.random(in: 0..<result, using: &random))
        if !merges.contains(where: { $0.left == pair.0 && $0.right == pair.1 }) {
          merges.append((pair.0, pair.1, result))
        }
      }
      merges.shuffle(using: &random)
      var table = BytePairMerges()
      for (rank, merge) in merges.enumerated() {
        table.add(merge.left, merge.right, rank: Int32(rank), result: merge.result)
      }
      let word = (0..<Int.random(in: 0..<60, using: &random)).map { _ in Int32.random(in: 0..<4, using: &random) }
      var scratch = BytePairMerges.Scratch()
      var output: [Int32] = [-7]
      table.merge(word, with: &scratch, into: &output)
      #expect(output == [-7] + mergeSlowly(word, merges), "seed \(seed)")
    }
  }

  @Test func equalPairsJoinFromTheLeft() {
    var table = BytePairMerges()
    table.add(0, 0, rank: 0, result: 1)
    var scratch = BytePairMerges.Scratch()
    var output: [Int32] = []
    table.merge([0, 0, 0, 0, 0], with: &scratch, into: &output)
    #expect(output == [1, 1, 0])
  }

  @Test func aWordOfAHundredThousandCharactersMergesWhole() throws {
    // With only "aa", "aaaa", … up to 2^16 letters, 100,000 letters are the binary digits of 100,000.
    var tokens = ["a"]
    for _ in 0..<16 { tokens.append(tokens[tokens.count - 1] + tokens[tokens.count - 1]) }
    let vocabulary = tokens.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
    let merges = tokens.dropLast().map { "[\"\($0)\",\"\($0)\"]" }.joined(separator: ",")
    let json = """
      {"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},
       "model":{"type":"BPE","vocab":{\(vocabulary)},"merges":[\(merges)]}}
      """
    let tokenizer = try Tokenizer(json: Data(json.utf8), source: "letters")
    let ids = tokenizer.encode(String(repeating: "a", count: 100_000))
    let digits: [Int32] = (0..<17).reversed().filter { 100_000 >> $0 & 1 == 1 }
    #expect(ids == digits)
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014), so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
