/// Cuts both axes, in every iteration anew: the tile is the largest one whose predicted time keeps the target for the time
/// between tokens. So a prompt passes in as few iterations as the target allows, each expert is read once for it, and with
/// nobody decoding nothing is cut.
///
/// A short prompt does not wait for the rest of a long one: if there is time for it beside a layer of the long one, it
/// passes all layers at once, in a tile of its own.
package struct Adaptive: Policy {
  /// Seconds that an iteration may take while somebody decodes.
  package var tbtTarget: Double
  /// What iterations take on this device.
  package private(set) var time: IterationTime

  /// The share of the target that a tile is made for: what is predicted is sometimes exceeded, and one late iteration is
  /// late for everybody who decodes.
  private static let headroom = 0.9
  /// A prompt is short beside another if it has at most a quarter of its tokens.
  private static let shortShare = 4

  package init(tbtTarget: Double, time: IterationTime = IterationTime()) {
    self.tbtTarget = tbtTarget
    self.time = time
  }

  package var name: String { "adaptive" }

  package mutating func observe(_ load: IterationLoad, seconds: Double) { time.observe(load, seconds: seconds) }

  /// Enough to fill a tile, and of those behind, who could slip in.
  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    view.inTurn(waiting, tokens: view.maxBatchedTokens)
  }

  package func nextTiles(_ view: PrefillView) -> [PrefillTile] {
    let (main, others) = mainSlices(view)
    guard let first = main.first else { return [] }
    let whole = PrefillTile(slices: main, layers: view.nextLayer(of: first.request)..<view.layerCount)
    let guests = guests(others, beside: whole, view)
    guard view.decode.rows > 0 else { return [whole] + guests }
    return [largest(whole, beside: guests, view)] + guests
  }

  /// Those of `slices` that pass all layers in this iteration, as one tile: the short ones, as far as there is room for
  /// them, and, if somebody decodes, time beside one layer of `main`. Others would make `main` wait.
  private func guests(
    _ slices: [PrefillTile.Slice], beside main: PrefillTile, _ view: PrefillView
  ) -> [PrefillTile] {
    var smallest = main
    smallest.layers = main.layers.lowerBound..<main.layers.lowerBound + 1
    var guests = PrefillTile(slices: [], layers: 0..<view.layerCount)
    for slice in slices {
      var larger = guests
      larger.slices.append(slice)
      guard larger.tokenCount + main.tokenCount <= view.maxBatchedTokens else { continue }
      let isShort = slice.tokens.count * Self.shortShare <= main.tokenCount
      if isShort, view.decode.rows == 0 || fits([larger, smallest], view) { guests = larger }
    }
    return guests.slices.isEmpty ? [] : [guests]
  }

  /// The prompts under way, or those that begin together; and the others that could begin.
  private func mainSlices(_ view: PrefillView) -> (main: [PrefillTile.Slice], others: [PrefillTile.Slice]) {
    let underWay = view.prompts.filter { $0.underWay != nil }.map(\.slice)
    guard underWay.isEmpty else { return (underWay, view.prompts.filter { $0.underWay == nil }.map(\.slice)) }
    return (view.begin(limit: view.maxBatchedTokens, cutting: true), [])
  }

  /// As many layers as the target allows; if not even one, as many tokens.
  private func largest(_ whole: PrefillTile, beside others: [PrefillTile], _ view: PrefillView) -> PrefillTile {
    var tile = whole
    var (low, high) = (whole.layers.lowerBound + 1, whole.layers.upperBound)
    while low < high {
      let middle = (low + high + 1) / 2
      tile.layers = whole.layers.lowerBound..<middle
      if fits(others + [tile], view) { low = middle } else { high = middle - 1 }
    }
    tile.layers = whole.layers.lowerBound..<low
    guard whole.layers.lowerBound == 0, low == 1, !fits(others + [tile], view) else { return tile }
    while tile.tokenCount > 1, !fits(others + [tile], view) { tile.slices = tile.slices.halved }
    return tile
  }

  private func fits(_ tiles: [PrefillTile], _ view: PrefillView) -> Bool {
    let load = IterationLoad(layerCount: view.layerCount, decode: view.decode, tiles: tiles)
    return time.bound(load) <= Self.headroom * tbtTarget
  }
}

extension [PrefillTile.Slice] {
  /// The first half of the tokens.
  fileprivate var halved: [PrefillTile.Slice] {
    var left = Swift.max(1, reduce(0) { $0 + $1.tokens.count } / 2)
    var kept: [PrefillTile.Slice] = []
    for var slice in self where left > 0 {
      slice.tokens = slice.tokens.lowerBound..<slice.tokens.lowerBound + Swift.min(left, slice.tokens.count)
      left -= slice.tokens.count
      kept.append(slice)
    }
    return kept
  }
}
