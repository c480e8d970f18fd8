/// A tiling of the rectangle tokens × layers: decides the next tiles, and nothing else.
///
/// A policy is a function of what it sees, and at most of how long iterations have taken; the scheduler keeps the state.
package protocol Policy: Sendable {
  /// As on the command line.
  var name: String { get }

  /// Which of the waiting requests may begin now, in this order. They get their KV blocks, unless there are too few;
  /// who comes behind one that does not fit waits, too.
  func admissions(_ view: PrefillView, waiting: WaitingQueue) -> [RequestID]

  /// The next tiles of `view.prompts`.
  ///
  /// A prompt that is under way goes on with its tokens at its next layer; any other begins at layer 0 with tokens from
  /// its first open one on. No prompt is in two tiles.
  func nextTiles(_ view: PrefillView) -> [PrefillTile]

  /// Whether a prompt that is longer than `maxBatchedTokens` is cut.
  var cutsPrompts: Bool { get }

  /// Told how long an iteration took.
  mutating func observe(_ load: IterationLoad, seconds: Double)
}

extension Policy {
  package var cutsPrompts: Bool { true }

  package mutating func observe(_ load: IterationLoad, seconds: Double) {}
}

/// What a policy sees.
package struct PrefillView: Sendable {
  package var layerCount: Int
  /// Prompt tokens that pass the model together, at most, where the policy cuts prompts.
  package var maxBatchedTokens: Int
  /// Who decodes in the same iteration.
  package var decode: DecodeLoad
  /// Admitted prompts that are not complete, in order of admission.
  package var prompts: [Prefill]
  /// Nil if all experts are on the device.
  package var streamed: StreamedExperts?

  package init(
    layerCount: Int, maxBatchedTokens: Int, decode: DecodeLoad, prompts: [Prefill], streamed: StreamedExperts? = nil
  ) {
    self.streamed = streamed
    self.layerCount = layerCount
    self.maxBatchedTokens = maxBatchedTokens
    self.decode = decode
    self.prompts = prompts
  }
}

/// An admitted prompt on its way.
package struct Prefill: Sendable {
  package let id: RequestID
  /// Tokens that have passed all layers.
  package var done: Int
  /// Tokens that have to.
  package let length: Int
  /// Tokens in the middle of the layers, and the layer that they pass next: they wait in the carry.
  package var underWay: (tokens: Range<Int>, nextLayer: Int)?

  package init(id: RequestID, done: Int = 0, length: Int) {
    self.id = id
    self.done = done
    self.length = length
  }

  /// All tokens that are not through: those under way, or those that can begin.
  package var open: Range<Int> { done..<length }
  package var slice: PrefillTile.Slice { .init(request: id, tokens: underWay?.tokens ?? open) }

  /// Whether a tile may have these tokens from this layer on.
  func allows(_ tokens: Range<Int>, from layer: Int) -> Bool {
    guard let underWay else {
      return layer == 0 && tokens.lowerBound == done && !tokens.isEmpty && tokens.upperBound <= length
    }
    return underWay.tokens == tokens && underWay.nextLayer == layer
  }
}

/// The decoding half of an iteration.
package struct DecodeLoad: Sendable, Equatable {
  package var rows: Int
  /// Positions that these rows look back on, all together.
  package var positions: Int

  package init(rows: Int, positions: Int) {
    self.rows = rows
    self.positions = positions
  }
}

/// What an iteration asks of whoever executes it.
package struct IterationLoad: Sendable, Equatable {
  package var layerCount: Int
  package var decode: DecodeLoad
  package var tiles: [PrefillTile]

  package init(layerCount: Int, decode: DecodeLoad, tiles: [PrefillTile]) {
    self.layerCount = layerCount
    self.decode = decode
    self.tiles = tiles
  }
}

extension PrefillView {
  /// The layer that a prompt passes next.
  func nextLayer(of id: RequestID) -> Int { prompts.first { $0.id == id }?.underWay?.nextLayer ?? 0 }

  /// Tokens of admitted prompts that are not under way.
  package var readyTokens: Int { prompts.reduce(0) { $0 + ($1.underWay == nil ? $1.open.count : 0) } }

  /// Waiting requests in turn, until `tokens` prompt tokens could begin.
  func inTurn(_ waiting: WaitingQueue, tokens: Int) -> [RequestID] {
    var admitted: [RequestID] = []
    var ready = readyTokens
    for entry in waiting.inTurn {
      guard ready < tokens else { break }
      admitted.append(entry.shape.id)
      ready += entry.length
    }
    return admitted
  }

  /// Prompts that can begin, in order, together at most `limit` tokens; the last one is cut to fit if `cutting`, else it
  /// goes whole or, behind others, waits.
  func begin(limit: Int, cutting: Bool) -> [PrefillTile.Slice] {
    var slices: [PrefillTile.Slice] = []
    var budget = limit
    for prompt in prompts where prompt.underWay == nil {
      let open = prompt.open
      if open.count <= budget || (slices.isEmpty && !cutting) {
        slices.append(prompt.slice)
        budget -= open.count
      } else {
        if cutting, budget > 0 {
          slices.append(.init(request: prompt.id, tokens: open.lowerBound..<open.lowerBound + budget))
        }
        break
      }
    }
    return slices
  }
}
