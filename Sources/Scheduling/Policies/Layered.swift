/// Layered prefill (arXiv 2510.08055): cuts the layers. A tile is all tokens × one layer group, one group an iteration,
/// so each expert is read once for all prompts admitted together, and running requests decode in every iteration.
///
/// Prompts are admitted together up to `maxBatchedTokens`, only when none is under way; a longer prompt is first cut in
/// such chunks, each of them layered.
package struct Layered: Policy {
  /// Groups for any prompt, or nil for the paper's rule.
  package var groups: Int?
  /// The T₀ of the paper's rule G = max(1, ⌈T / T₀⌉), section 4.4: an iteration's work is about that of one chunk of
  /// as many tokens through all layers.
  package static let tokensPerGroup = 512

  package init(groups: Int? = nil) { self.groups = groups }

  package var name: String { "layered" }

  /// Groups for `tokens` prompt tokens admitted together.
  package func groupCount(tokens: Int) -> Int {
    groups ?? max(1, (tokens + Self.tokensPerGroup - 1) / Self.tokensPerGroup)
  }

  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    guard view.prompts.allSatisfy({ $0.underWay == nil }) else { return [] }
    return view.inTurn(waiting, tokens: view.maxBatchedTokens)
  }

  package func nextTiles(_ view: PrefillView) -> [PrefillTile] {
    let underWay = view.prompts.filter { $0.underWay != nil }
    let slices = underWay.isEmpty ? view.begin(limit: view.maxBatchedTokens, cutting: true) : underWay.map(\.slice)
    let next = underWay.first?.underWay?.nextLayer ?? 0
    let tokens = slices.reduce(0) { $0 + $1.tokens.count }
    guard tokens > 0 else { return [] }
    let groups = layerGroups(count: view.layerCount, groups: groupCount(tokens: tokens))
    let end = groups.first { $0.contains(next) }?.upperBound ?? view.layerCount
    return [PrefillTile(slices: slices, layers: next..<end)]
  }
}
