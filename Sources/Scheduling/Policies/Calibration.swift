/// Cuts tiles of many shapes, only to see how long iterations take: a device's `IterationTime` before the first request.
///
/// Serves like any other policy: prompts pass one after another, in pieces of 16, 64, 256 and 1024 tokens in turn, half of
/// them through all layers at once and half in three steps, while those that are through decode.
package struct Calibration: Policy {
  /// What was learned.
  package private(set) var time = IterationTime()
  /// Iterations so far.
  private var count = 0
  /// Iterations that are left out: buffers grow, and caches are cold.
  private let skipped: Int

  package init(skipping skipped: Int = 2) { self.skipped = skipped }

  package var name: String { "calibration" }

  package func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID] {
    view.inTurn(waiting, tokens: view.maxBatchedTokens)
  }

  package func nextTiles(_ view: PrefillView) -> [PrefillTile] {
    guard let prompt = view.prompts.first(where: { $0.underWay != nil }) ?? view.prompts.first else { return [] }
    let begin = view.nextLayer(of: prompt.id)
    var slice = prompt.slice
    if prompt.underWay == nil {
      let tokens = min(16 << (2 * (count % 4)), prompt.open.count, view.maxBatchedTokens)
      slice.tokens = prompt.done..<prompt.done + tokens
      if count / 4 % 2 == 0 { return [PrefillTile(slices: [slice], layers: 0..<view.layerCount)] }
    }
    let step = begin == 0 ? 1 : begin == 1 ? max(1, view.layerCount / 4) : view.layerCount
    return [PrefillTile(slices: [slice], layers: begin..<min(begin + step, view.layerCount))]
  }

  package mutating func observe(_ load: IterationLoad, seconds: Double) {
    count += 1
    if count > skipped { time.observe(load, seconds: seconds) }
  }
}
