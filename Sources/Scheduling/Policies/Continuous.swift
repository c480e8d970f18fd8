/// Continuous batching (Orca, Yu et al. 2022): cuts nothing. A tile is whole prompts × all layers, so running requests
/// wait for as long as the prompts take.
package struct Continuous: Policy {
  package init() {}

  package var name: String { "continuous" }

  package func nextTile(_ view: PrefillView) -> PrefillTile? {
    let slices = view.admit(limit: view.maxBatchedTokens, cutting: false)
    return slices.isEmpty ? nil : PrefillTile(slices: slices, layers: 0..<view.layerCount)
  }
}
