import JSON
import TestSupport
import Testing
import Tokenizers

@testable import Grammars

/// Token by token, with tokens chosen at random.
struct GrammarMatcherTests {
  private let tokenizer: Tokenizer
  private let vocabulary: GrammarVocabulary

  init() throws {
    tokenizer = try Tokenizer(folder: Fixtures.path("tiny-moe"))
    vocabulary = GrammarVocabulary(tokenizer)
  }

  /// A text of at most `limit` tokens.
  private func generate(_ program: GrammarProgram, limit: Int, _ random: inout SplitMix64) -> String {
    var matcher = GrammarMatcher(program, vocabulary)
    var tokens: [Int32] = []
    while tokens.count < limit, !matcher.isComplete {
      var logits = (0..<tokenizer.vocabularySize).map { _ in Float.random(in: 0..<1, using: &random) }
      matcher.mask(&logits, tokensLeft: limit - tokens.count, stops: [0])
      let allowed = logits.indices.filter { !logits[$0].isNaN }
      guard let token = allowed.max(by: { logits[$0] < logits[$1] }) else { break }
      if token == 0 { break }
      matcher.accept(Int32(token))
      tokens.append(Int32(token))
    }
    return tokenizer.decode(tokens)
  }

  @Test(arguments: [8, 20, 60, 200])
  func `Any choice of allowed tokens gives JSON, however few there are`(limit: Int) throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      let text = generate(try JSONSchema.anyObject(), limit: limit, &random)
      #expect(throws: Never.self, "seed \(seed): \(text)") { try JSONParser.parse(Array(text.utf8)) }
    }
  }

  @Test
  func `A schema's members come in its order`() throws {
    let schema: JSONValue = [
      "type": "object", "properties": ["b": ["type": "integer"], "a": ["enum": ["x", "y"]]], "required": ["b", "a"],
    ]
    var random = SplitMix64(seed: 7)
    for _ in 0..<20 {
      let text = generate(try JSONSchema.grammar(schema), limit: 40, &random)
      guard case .object(let members) = try JSONParser.parse(Array(text.utf8)) else {
        Issue.record("\(text)")
        continue
      }
      #expect(members.map(\.name.text) == ["b", "a"])
      #expect(members["a"] == "x" || members["a"] == "y")
    }
  }

  @Test
  func `The end may come only where the text is whole`() throws {
    var matcher = GrammarMatcher(try JSONSchema.grammar(["type": "integer"]), vocabulary)
    var logits = [Float](repeating: 0, count: tokenizer.vocabularySize)
    matcher.mask(&logits, tokensLeft: 10, stops: [0])
    #expect(logits[0].isNaN)
    let digit = try #require(tokenizer.id(of: "7"))
    #expect(!logits[Int(digit)].isNaN)
    matcher.accept(digit)
    logits = [Float](repeating: 0, count: tokenizer.vocabularySize)
    matcher.mask(&logits, tokensLeft: 9, stops: [0])
    #expect(!logits[0].isNaN)
    #expect(!matcher.isComplete)
  }

  @Test
  func `Allowed tokens are those that a byte by byte check allows`() throws {
    let program = try JSONSchema.anyObject()
    var matcher = GrammarMatcher(program, vocabulary)
    for token in tokenizer.encode(#"{"name":"#, addSpecialTokens: false) { matcher.accept(token) }
    var logits = [Float](repeating: 0, count: tokenizer.vocabularySize)
    matcher.mask(&logits, tokensLeft: 1000, stops: [0])
    var machine = GrammarMachine(program)
    for token in 0..<Int32(tokenizer.vocabularySize) {
      var state = machine.start
      let bytes = tokenizer.isSpecial(token) ? [] : tokenizer.bytes(of: token) ?? []
      for byte in Array(#"{"name":"#.utf8) + bytes where state != GrammarMachine.dead {
        state = machine.step(state, byte)
      }
      #expect(!logits[Int(token)].isNaN == (state != GrammarMachine.dead && !bytes.isEmpty), "token \(token)")
    }
  }
}
