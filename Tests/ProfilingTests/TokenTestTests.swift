import Engine
import Profiling
import TestSupport
import Testing

struct TokenTestTests {
  @Test func namesAreThoseOfLlamaBench() {
    #expect(TokenTest(promptTokens: 512, generatedTokens: 0, requests: 1).name == "pp512")
    #expect(TokenTest(promptTokens: 0, generatedTokens: 128, requests: 1).name == "tg128")
    #expect(TokenTest(promptTokens: 512, generatedTokens: 128, requests: 1).name == "pp512+tg128")
    #expect(TokenTest(promptTokens: 0, generatedTokens: 128, requests: 8).name == "tg128 @ b8")
    #expect(TokenTest(promptTokens: 0, generatedTokens: 128, requests: 1, depth: 1024).name == "tg128 @ d1024")
  }

  /// By hand for the bundled model: 8 layers, hidden 192, 6 query heads and 2 key-value heads of 32, 32 experts of which 4
  /// with 64 columns, a vocabulary of 2048.
  @Test func operationsAreCountedByHand() throws {
    let layer = 2 * 192 * 192 + 2 * 192 * 64 + 192 * 32
    let experts = 4 * 3 * 192 * 64
    let test = TokenTest(promptTokens: 10, generatedTokens: 3, requests: 2)
    let work = ModelWork(try ModelFiles(path: Fixtures.path("tiny-moe"))).operations(test)
    #expect(work.feedForward == Double(2 * 2 * 13 * 8 * experts))
    // Logits of three decoded tokens and of the prompt's last one.
    #expect(work.projections == Double(2 * 2 * (13 * 8 * layer + 4 * 192 * 2048)))
    // Positions 1 to 13, each seen by those behind it: 91 scores and 91 weighted values a head, 2 operations an element.
    #expect(work.attention == Double(2 * 8 * 91 * 4 * 6 * 32))
    // Behind 100 positions the 13 new ones see those as well.
    let deep = ModelWork(try ModelFiles(path: Fixtures.path("tiny-moe"))).operations(
      TokenTest(promptTokens: 10, generatedTokens: 3, requests: 2, depth: 100))
    #expect(deep.feedForward == work.feedForward && deep.projections == work.projections)
    #expect(deep.attention == Double(2 * 8 * (91 + 13 * 100) * 4 * 6 * 32))
  }
}
