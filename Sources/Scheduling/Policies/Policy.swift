/// A tiling of the rectangle tokens × layers: decides the next tile, and nothing else.
///
/// A policy is a pure function of what it sees; the scheduler keeps the state.
package protocol Policy: Sendable {
  /// As on the command line.
  var name: String { get }

  /// The next tile for these prompts: the next layers of the prompts under way, or the first of waiting ones.
  ///
  /// Nil if nothing is under way or waiting. A tile of prompts under way has their slices and begins at their next
  /// layer; a first tile takes waiting prompts from the front, in order.
  func nextTile(_ view: PrefillView) -> PrefillTile?
}

/// What a policy sees.
package struct PrefillView: Sendable {
  package var layerCount: Int
  /// Prompt tokens that pass the model together, at most, where the policy cuts prompts.
  package var maxBatchedTokens: Int
  /// The slices that wait in the carry, and the layer that they have to pass next.
  package var underWay: (slices: [PrefillTile.Slice], nextLayer: Int)?
  /// Prompts that may start now, first come first, each with the tokens that it has left.
  package var waiting: [PrefillTile.Slice]
  /// Requests that decode in the same iteration.
  package var decodeCount: Int
}

extension PrefillView {
  /// Waiting prompts from the front, together at most `limit` tokens; the first one is cut to `limit` if `cutting`,
  /// else it goes whole.
  func admit(limit: Int, cutting: Bool) -> [PrefillTile.Slice] {
    var admitted: [PrefillTile.Slice] = []
    var budget = limit
    for slice in waiting {
      if slice.tokens.count <= budget || (admitted.isEmpty && !cutting) {
        admitted.append(slice)
        budget -= slice.tokens.count
      } else {
        if admitted.isEmpty {
          let end = slice.tokens.lowerBound + limit
          admitted.append(.init(request: slice.request, tokens: slice.tokens.lowerBound..<end))
        }
        break
      }
    }
    return admitted
  }
}
