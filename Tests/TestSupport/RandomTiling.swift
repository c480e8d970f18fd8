package import Scheduling

/// Any tiling at all: in every iteration some prompts, some of their tokens, some of their layers, in one tile or many.
///
/// What it decides follows from the seed and from what it sees, so a run can be repeated.
package struct RandomTiling: Policy {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  package var name: String { "random tiling \(seed)" }

  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    var random = generator(view)
    let ids = waiting.inTurn.prefix(4).map(\.shape.id)
    return Array(ids.prefix(Int.random(in: view.prompts.isEmpty ? 1...4 : 0...4, using: &random)))
  }

  package func nextTiles(_ view: PrefillView) -> [PrefillTile] {
    var random = generator(view)
    var tiles: [PrefillTile] = []
    for (index, prompt) in view.prompts.shuffled(using: &random).enumerated() {
      let mustRun = index == 0 && view.decode.rows == 0
      guard mustRun || Int.random(in: 0..<4, using: &random) > 0 else { continue }
      let first = prompt.underWay?.nextLayer ?? 0
      let slice = slice(prompt, &random)
      // With others that are as far, or alone.
      if Bool.random(using: &random), let other = tiles.indices.first(where: { tiles[$0].layers.lowerBound == first }) {
        tiles[other].slices.append(slice)
      } else {
        let isLast = Int.random(in: 0..<3, using: &random) == 0
        let end = isLast ? view.layerCount : Int.random(in: first + 1...view.layerCount, using: &random)
        tiles.append(PrefillTile(slices: [slice], layers: first..<end))
      }
    }
    return tiles
  }

  private func slice(_ prompt: Prefill, _ random: inout SplitMix64) -> PrefillTile.Slice {
    guard prompt.underWay == nil else { return prompt.slice }
    let open = prompt.open
    let count = Bool.random(using: &random) ? open.count : Int.random(in: 1...open.count, using: &random)
    return PrefillTile.Slice(request: prompt.id, tokens: open.lowerBound..<open.lowerBound + count)
  }

  private func generator(_ view: PrefillView) -> SplitMix64 {
    var state = seed
    func add(_ value: Int) {
      state = (state ^ UInt64(truncatingIfNeeded: value)) &* 0x9E37_79B9_7F4A_7C15 ^ (state >> 31)
    }
    add(view.decode.rows)
    add(view.decode.positions)
    for prompt in view.prompts {
      add(prompt.id.value)
      add(prompt.done)
      add(prompt.underWay?.nextLayer ?? -1)
      add(prompt.underWay?.tokens.upperBound ?? -1)
    }
    return SplitMix64(seed: state)
  }
}
