/// Cuts both axes, in every iteration anew: the tile is the largest one whose predicted time keeps the target for the time
/// between tokens. So a prompt passes in as few iterations as the target allows, each expert is read once for it, and with
/// nobody decoding nothing is cut but what is more than `maxBatchedTokens` together.
///
/// Where the decode rows alone miss the target, no tile can keep it: then prompts get as much time as decoding. The margin
/// for late iterations ends where it would leave prompts less than a third of the target.
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
  /// The share of the target that decoding alone, with the margin for late iterations, takes at most.
  private static let decodeShare = 2.0 / 3
  /// A prompt is short beside another if it has at most a quarter of its tokens.
  private static let shortShare = 4
  /// Where prompts are cut, guests have this part of `maxBatchedTokens`: an eighth.
  private static let guestShare = 8
  /// Requests that are looked at, behind those whose turn it is, for short ones.
  private static let lookahead = 64

  package init(tbtTarget: Double, time: IterationTime = IterationTime()) {
    self.tbtTarget = tbtTarget
    self.time = time
  }

  package var name: String { "adaptive" }

  package mutating func observe(_ load: IterationLoad, seconds: Double) { time.observe(load, seconds: seconds) }

  /// Enough to fill a tile, and of those behind, who could slip in.
  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    let inTurn = view.inTurn(waiting, tokens: view.maxBatchedTokens)
    let underWay = view.prompts.reduce(0) { $0 + ($1.underWay?.tokens.count ?? 0) }
    var room = view.maxBatchedTokens - underWay
    guard underWay > 0, room > 0 else { return inTurn }
    var short: [RequestID] = []
    for entry in waiting.inTurn.dropFirst(inTurn.count).prefix(Self.lookahead)
    where entry.length * Self.shortShare <= underWay && entry.length <= room {
      short.append(entry.shape.id)
      room -= entry.length
    }
    return inTurn + short
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
    return (view.begin(limit: beginning(view), cutting: true), [])
  }

  /// Tokens that begin together: all that can, or the first prompt; if one has to be cut, it leaves room beside it for
  /// guests.
  private func beginning(_ view: PrefillView) -> Int {
    let most = view.maxBatchedTokens
    let cut = most - most / Self.guestShare
    guard let first = view.prompts.first?.open.count, first <= most else { return cut }
    return view.readyTokens <= most ? most : max(first, cut)
  }

  /// As many layers as the target allows; if not even one, as many tokens.
  private func largest(_ whole: PrefillTile, beside others: [PrefillTile], _ view: PrefillView) -> PrefillTile {
    var tile = whole
    let first = whole.layers.lowerBound
    let layers = mostThatFits(whole.layers.count) { count in
      tile.layers = first..<first + count
      return fits(others + [tile], view)
    }
    tile.layers = first..<first + max(layers, 1)
    guard layers == 0, first == 0 else { return tile }
    let tokens = mostThatFits(whole.tokenCount) { count in
      tile.slices = whole.slices.first(tokens: count)
      return fits(others + [tile], view)
    }
    tile.slices = whole.slices.first(tokens: max(tokens, 1))
    return tile
  }

  /// The largest of 1…`most` that fits, if every smaller one does; 0 if none.
  private func mostThatFits(_ most: Int, _ fits: (Int) -> Bool) -> Int {
    var (low, high) = (0, most)
    while low < high {
      let middle = (low + high + 1) / 2
      if fits(middle) { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private func fits(_ tiles: [PrefillTile], _ view: PrefillView) -> Bool {
    let load = IterationLoad(layerCount: view.layerCount, decode: view.decode, tiles: tiles)
    let limit = Self.headroom * tbtTarget
    let alone = time.seconds(IterationLoad(layerCount: view.layerCount, decode: view.decode, tiles: []))
    if alone >= limit { return time.bound(load, mostExcess: 1) <= 2 * alone }
    return time.bound(load, mostExcess: max(1, Self.decodeShare * limit / alone)) <= limit
  }
}

extension [PrefillTile.Slice] {
  fileprivate func first(tokens count: Int) -> Self {
    var left = count
    var kept: Self = []
    for var slice in self where left > 0 {
      slice.tokens = slice.tokens.prefix(left)
      left -= slice.tokens.count
      kept.append(slice)
    }
    return kept
  }
}
