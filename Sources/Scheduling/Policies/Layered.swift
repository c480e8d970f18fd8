/// Layered prefill (arXiv 2510.08055): cuts the layers. A tile is all tokens × one layer group, one group an iteration,
/// so each expert is read once for all prompts admitted together, and running requests decode in every iteration.
///
/// Where experts come over a link, decoding rows bring theirs again in every iteration: then there are fewer groups, down to
/// one pass, so that the prompt does not wait for them (`StreamedExperts.mostGroups`).
///
/// Prompts are admitted together up to `maxBatchedTokens`, only when none is under way; a longer prompt is first cut in
/// such chunks, each of them layered.
package struct Layered: Policy {
  /// How many groups a prompt gets, if `groups` does not say.
  package enum Rule: Sendable, Equatable {
    /// The paper's, section 4.4: G = max(1, ⌈T / 512⌉).
    case formula
    /// The step table of the authors' engine: 1 group up to 512 tokens, 2 up to 1024, 4 up to 2048, 8 up to 4096, `stages`
    /// beyond, each brought down to a divisor of `stages`. They ran it with 16 for Qwen3-30B-A3B and 12 for GPT-OSS-20B.
    case table(stages: Int)
  }

  /// Groups for any prompt, or nil for the rule.
  package var groups: Int?
  package var rule: Rule
  /// The T₀ of the paper's rule G = max(1, ⌈T / T₀⌉), section 4.4: an iteration's work is about that of one chunk of
  /// as many tokens through all layers.
  package static let tokensPerGroup = 512

  package init(groups: Int? = nil, rule: Rule = .formula) {
    self.groups = groups
    self.rule = rule
  }

  package var name: String { "layered" }

  /// Groups for `tokens` prompt tokens admitted together.
  package func groupCount(tokens: Int) -> Int {
    if let groups { return groups }
    switch rule {
    case .formula: return max(1, (tokens + Self.tokensPerGroup - 1) / Self.tokensPerGroup)
    case .table(let stages):
      guard let step = [1, 2, 4, 8].first(where: { tokens <= $0 * Self.tokensPerGroup }) else { return stages }
      return (1...min(step, max(stages, 1))).last { stages % $0 == 0 } ?? 1
    }
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
    let most = groups == nil ? view.streamed?.mostGroups(decodeRows: view.decode.rows) : nil
    let groups = layerGroups(count: view.layerCount, groups: min(groupCount(tokens: tokens), most ?? .max))
    let end = groups.first { $0.contains(next) }?.upperBound ?? view.layerCount
    return [PrefillTile(slices: slices, layers: next..<end)]
  }
}
