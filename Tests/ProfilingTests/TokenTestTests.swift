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
  }

  /// By hand for the bundled model: 8 layers, hidden 192, 6 query heads and 2 key-value heads of 32, 8 experts of which 2
  /// with 128 columns.
  @Test func operationsAreCountedByHand() throws {
    let files = try ModelFiles(path: Fixtures.path("tiny-moe"))
    let model = files.description
    let heads = model.attention.queryHeads * model.attention.headSize
    let keys = model.attention.keyValueHeads * model.attention.headSize
    let layer = 2 * model.hiddenSize * heads + 2 * model.hiddenSize * keys + model.hiddenSize * model.expertCount
    let experts = model.chosenExperts * 3 * model.hiddenSize * model.expertIntermediateSize
    let head = model.hiddenSize * model.vocabularySize
    let test = TokenTest(promptTokens: 10, generatedTokens: 3, requests: 2)
    let work = ModelWork(files).operations(test)
    #expect(work.feedForward == Double(2 * 2 * 13 * model.layerCount * experts))
    // Logits of three decoded tokens and of the prompt's last one.
    #expect(work.projections == Double(2 * 2 * (13 * model.layerCount * layer + 4 * head)))
    // Positions 1 to 13, each seen by those behind it: 91 scores and 91 weighted values a head.
    #expect(work.attention == Double(2 * model.layerCount * 91 * 4 * heads))
  }
}
