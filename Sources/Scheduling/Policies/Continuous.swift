/// Continuous batching (Orca, Yu et al. 2022): cuts nothing. A tile is whole prompts × all layers, so running requests
/// wait for as long as the prompts take.
package struct Continuous: Policy {
  package init() {}

  package var name: String { "continuous" }

  package var cutsPrompts: Bool { false }

  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    view.inTurn(waiting, tokens: view.maxBatchedTokens)
  }

  package func nextTiles(_ view: PrefillView) -> [PrefillTile] {
    let slices = view.begin(limit: view.maxBatchedTokens, cutting: false)
    return slices.isEmpty ? [] : [PrefillTile(slices: slices, layers: 0..<view.layerCount)]
  }
}
