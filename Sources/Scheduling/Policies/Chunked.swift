/// Chunked prefill (Sarathi-Serve, Agrawal et al. 2024; vLLM's default): cuts the tokens. A tile is a chunk × all layers, so
/// nearly every expert is read again for every chunk.
///
/// An iteration has `chunkSize` tokens: one for each running request, the rest for prompts in their order, the last of
/// them cut to fit.
package struct Chunked: Policy {
  package var chunkSize: Int
  package static let defaultChunkSize = 512

  package init(chunkSize: Int = defaultChunkSize) { self.chunkSize = chunkSize }

  package var name: String { "chunked" }

  private func budget(_ view: PrefillView) -> Int {
    max(0, min(chunkSize - view.decode.rows, view.maxBatchedTokens))
  }

  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    view.inTurn(waiting, tokens: budget(view))
  }

  package func nextTiles(_ view: PrefillView) -> [PrefillTile] {
    let slices = view.begin(limit: budget(view), cutting: true)
    return slices.isEmpty ? [] : [PrefillTile(slices: slices, layers: 0..<view.layerCount)]
  }
}
