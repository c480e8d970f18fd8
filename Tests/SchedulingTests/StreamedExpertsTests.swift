import Foundation
import Testing

@testable import Scheduling

struct StreamedExpertsTests {
  /// 12 layers of 128 experts, of which a row meets 4: four rows meet 128 · (1 − (31/32)⁴) = 15.27 a layer, 183.2 in all.
  private func streamed(slots: Int) -> StreamedExperts {
    StreamedExperts(layers: 12, experts: 128, chosen: 4, slots: slots)
  }

  @Test func loadsFollowFromSizes() {
    let few = streamed(slots: 192)
    #expect(few.promptLoads == 12 * 128 - 192)
    let needed = 1536.0 * (1 - 0.96875 * 0.96875 * 0.96875 * 0.96875)
    #expect(abs(few.decodeLoads(rows: 4) - (needed - 96)) < 1e-9)
    #expect(few.decodeLoads(rows: 0) == 0)
  }

  /// (G − 1) · 87.2 ≤ 0.25 · 1344 gives G = 4.
  @Test func groupsAreAsManyAsTheFirstTokenBears() {
    #expect(streamed(slots: 192).mostGroups(decodeRows: 4) == 4)
    #expect(streamed(slots: 192).mostGroups(decodeRows: 0) == .max)
    // 64 rows need 1,334 of 1,536 experts: decoding is the expensive part, so the prompt passes at once.
    #expect(streamed(slots: 192).mostGroups(decodeRows: 64) == 1)
    // With room for nearly all, there is nothing to bring but little.
    #expect(streamed(slots: 1530).mostGroups(decodeRows: 4) == .max)
  }

  @Test func layeredMakesFewerGroupsThen() {
    func layers(_ streamed: StreamedExperts?, rows: Int, policy: Layered = Layered()) -> Range<Int>? {
      let view = PrefillView(
        layerCount: 12, maxBatchedTokens: 8192, decode: DecodeLoad(rows: rows, positions: rows * 100),
        prompts: [Prefill(id: RequestID(0), length: 4096)], streamed: streamed)
      return policy.nextTiles(view).first?.layers
    }
    #expect(layers(nil, rows: 4) == 0..<2)
    #expect(layers(streamed(slots: 192), rows: 4) == 0..<3)
    #expect(layers(streamed(slots: 192), rows: 64) == 0..<12)
    #expect(layers(streamed(slots: 192), rows: 0) == 0..<2)
    #expect(layers(streamed(slots: 192), rows: 64, policy: Layered(groups: 12)) == 0..<1)
  }
}
