import TestSupport
import Testing

@testable import Tokenizers

/// Tokenizers from the metadata of GGUF files. Real vocabularies are compared by `make test-peers`.
struct MetadataTests {
  /// SentencePiece joins by score, the leftmost first: worked out by hand.
  @Test func piecesOfTheHighestScoreAreJoinedFirst() throws {
    var metadata = TokenizerMetadata(
      model: "llama", tokens: ["<unk>", "<s>", "▁", "a", "b", "c", "ab", "bc", "▁a", "<0xC3>", "<0xA9>", "abc"])
    metadata.scores = [0, 0, -9, -9, -9, -9, -2, -1, -3, -9, -9, -8]
    metadata.kinds = [2, 3, 1, 1, 1, 1, 1, 1, 1, 6, 6, 1]
    metadata.bosToken = 1
    metadata.unknownToken = 0
    let tokenizer = try Tokenizer(metadata, source: "t")
    // ▁abc: bc is joined before ab, then ▁a before a + bc.
    #expect(tokenizer.encode("abc") == [1, 8, 7])
    #expect(tokenizer.encode("abc", addSpecialTokens: false) == [8, 7])
    // é has no token, but its bytes have; z has neither.
    #expect(tokenizer.encode("\u{E9}z", addSpecialTokens: false) == [2, 9, 10, 0])
    #expect(tokenizer.decode([1, 8, 7, 9, 10]) == "abc\u{E9}")
    #expect(tokenizer.decode([9, 7]) == "\u{FFFD}bc")
    metadata.addsSpacePrefix = false
    metadata.addsBOS = false
    // Without the space nothing takes a before abc does.
    #expect(try Tokenizer(metadata, source: "t").encode("abc") == [11])
  }

  @Test func aCharacterWithoutATokenMayStillBePartOfOne() throws {
    var metadata = TokenizerMetadata(model: "llama", tokens: ["<unk>", "\u{E9}x", "x"])
    metadata.scores = [0, -1, -2]
    metadata.unknownToken = 0
    metadata.addsSpacePrefix = false
    let tokenizer = try Tokenizer(metadata, source: "t")
    #expect(tokenizer.encode("\u{E9}x") == [1])
    #expect(tokenizer.encode("\u{E9}\u{E9}x") == [0, 1])
  }

  @Test func byteLevelTokensAreCutByTheNamedPattern() throws {
    var metadata = TokenizerMetadata(model: "gpt2", tokens: ["1", "2", "3", "4", "12", "123", "1234"])
    metadata.merges = ["1 2", "12 3", "123 4"]
    for (pre, expected) in [("gpt-2", [6]), ("llama-bpe", [5, 3]), ("qwen2", [0, 1, 2, 3])] as [(String, [Int32])] {
      metadata.pre = pre
      #expect(try Tokenizer(metadata, source: "t").encode("1234") == expected, "\(pre)")
    }
  }

  @Test func everyNamedPatternCanBeRead() throws {
    for name in [
      "default", "llama-bpe", "dbrx", "glm4", "minicpm5", "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon",
      "starcoder", "gpt-2", "qwen2", "qwen35", "gpt-4o", "tiny_aya", "tekken", "bailingmoe", "seed-coder",
    ] {
      for pattern in try #require(NamedPreTokenizer.cut(name), "\(name)").patterns {
        #expect(throws: Never.self, "\(name)") { try TextPattern(expression: pattern) }
      }
    }
  }

  @Test func whatIsWrongIsNamed() {
    func problem(_ change: (inout TokenizerMetadata) -> Void) -> String {
      var metadata = TokenizerMetadata(model: "gpt2", tokens: ["a", "b"])
      metadata.merges = []
      change(&metadata)
      do throws(TokenizerError) {
        _ = try Tokenizer(metadata, source: "m.gguf")
        return "none"
      } catch {
        return error.description
      }
    }
    #expect(problem { _ in } == "none")
    #expect(
      problem { $0.model = "t5" } == #"m.gguf: tokenizer.ggml.model: found "t5", expected "gpt2", "llama" or "gemma4""#)
    #expect(problem { $0.pre = "novel" } == #"m.gguf: tokenizer.ggml.pre: the pre-tokenizer "novel" is not supported"#)
    #expect(problem { $0.merges = nil } == "m.gguf: tokenizer.ggml.merges: the key is missing")
    #expect(problem { $0.merges = ["ab"] }.contains("merges: found \"ab\" at 0"))
    #expect(problem { $0.kinds = [1] }.contains("token_type: found 1 values, expected 2"))
    #expect(problem { $0.kinds = [1, 9] }.contains("token_type: found 9 for token 1"))
    #expect(problem { $0.bosToken = 2 }.contains("bos_token_id: found 2"))
    #expect(problem { $0.addsBOS = true }.contains("bos_token_id: the key is missing"))
    #expect(problem { $0.tokens = [] }.contains("tokens: found 0 tokens"))
    #expect(problem { $0.model = "llama" }.contains("scores: the key is missing"))
  }
}
