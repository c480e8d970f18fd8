import Foundation
import TestSupport
import Testing

@testable import Tokenizers

/// Damaged files are taken or refused, but never end the process, nor does a tokenizer made from one.
///
/// `STRATA_FUZZ_ROUNDS` sets how many are tried of each kind.
struct FuzzTests {
  private static let rounds = ProcessInfo.processInfo.environment["STRATA_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2000

  /// Characters with byte fallback, patterns and all other kinds of steps.
  private static let characters = #"""
    {"added_tokens":[
      {"id":8,"content":"<s>","single_word":false,"lstrip":true,"rstrip":true,"normalized":true,"special":true}],
     "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
      {"type":"Replace","pattern":{"Regex":"(?:a|b)+?c|\\s{2,3}"},"content":"a"},{"type":"NFKC"},{"type":"Lowercase"}]},
     "pre_tokenizer":{"type":"Sequence","pretokenizers":[
      {"type":"Split","pattern":{"Regex":"[^\\r\\n\\p{L}]?\\p{L}+|\\p{N}{1,3}|(?=[a-z])(?>a|ab)|\\s+(?!\\S)|x*+"},
       "behavior":"MergedWithNext","invert":false},
      {"type":"Digits","individual_digits":true},{"type":"Punctuation","behavior":"Contiguous"},
      {"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}]},
     "post_processor":{"type":"BertProcessing","cls":["<s>",8],"sep":["a",0]},
     "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},
      {"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
     "model":{"type":"BPE","unk_token":"u","fuse_unk":true,"byte_fallback":true,
      "vocab":{"a":0,"b":1,"ab":2,"▁":3,"▁a":4,"<0x0A>":5,"u":6,"▁▁":7},"merges":["a b",["▁","a"],["▁","▁"]]}}
    """#

  private static let pieces = [
    "null", "-1", "1e9", "1500", "4194303", "\"\"", "[]", "{}", "true", "\\u0000", ",", ":", "\"", "]", "}", "\u{301}",
    "(", ")", "*",
    "+", "?", "{999}", "[^", "\\\\p{L}", "(?=", "(?<!", "|", "(a|a)*", "▁", "$", "\\\\b",
  ]
  private static let text = "ab <s>a\u{301} 's1\n\n 1234, x\u{FFFD}\u{1F600}   ▁▁a"

  @Test(arguments: [TokenizerFileTests.good, characters])
  func damagedFilesNeverCrash(good: String) throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var refused = 0
    for round in 0..<Self.rounds {
      let bytes = Self.damaged(Array(good.utf8), &random)
      do {
        let tokenizer = try Tokenizer(json: Data(bytes), source: "damaged")
        let ids = tokenizer.encode(Self.text)
        #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }, "seed \(seed), round \(round)")
        _ = tokenizer.decode(ids)
      } catch {
        refused += 1
        #expect(error.description.hasPrefix("damaged: "), "seed \(seed), round \(round)")
      }
    }
    print("tokenizer.json: \(Self.rounds - refused) of \(Self.rounds) damaged ones taken, seed \(seed)")
    #expect(refused > 0 && refused < Self.rounds, "seed \(seed)")
  }

  private static func damaged(_ good: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = good
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &random)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &random)))
      case 3: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
      default:
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
        if let digit = digits.randomElement(using: &random) { bytes[digit] = .random(in: 0x30...0x39, using: &random) }
      }
    }
    return bytes
  }

  @Test func randomMetadataNeverCrash() throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let spellings = ["a", "b", "ab", "▁", "▁a", "<0x0A>", "", "\u{120}", "\u{120}a", "é", "<s>", "a b", "\u{301}"]
    var taken = 0
    for round in 0..<Self.rounds {
      let count = Int.random(in: 0...12, using: &random)
      var metadata = TokenizerMetadata(
        model: ["gpt2", "llama", "gemma4", "bert"].randomElement(using: &random) ?? "",
        tokens: (0..<count).map { _ in spellings.randomElement(using: &random) ?? "" })
      metadata.pre =
        ["default", "llama-bpe", "deepseek-llm", "gpt-4o", "none", nil].randomElement(using: &random) ?? nil
      let scores: [Float] = [0, -1, -2, .nan, .infinity]
      metadata.scores = (0..<count).map { _ in scores.randomElement(using: &random) ?? 0 }
      if Bool.random(using: &random) {
        metadata.kinds = (0..<count).map { _ in Int32.random(in: 1...6, using: &random) }
      }
      metadata.merges = (0..<5).map { _ in
        (spellings.randomElement(using: &random) ?? "") + " " + (spellings.randomElement(using: &random) ?? "")
      }
      metadata.bosToken = Int32.random(in: -1...12, using: &random)
      metadata.unknownToken = Bool.random(using: &random) ? 0 : nil
      do {
        let tokenizer = try Tokenizer(metadata, source: "random")
        let ids = tokenizer.encode(Self.text)
        #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }, "seed \(seed), round \(round)")
        _ = tokenizer.decode(ids)
        taken += 1
      } catch {
        #expect(error.description.hasPrefix("random: tokenizer.ggml."), "seed \(seed), round \(round): \(error)")
      }
    }
    #expect(taken > 0 && taken < Self.rounds, "seed \(seed)")
  }
}
