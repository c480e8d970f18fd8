/// One iteration: a decode step of every running request through all layers, and tiles of prefill.
package struct IterationPlan: Sendable, Equatable {
  /// All running requests, in the order in which they started to run; each decodes one token.
  package var decode: [RequestID]
  /// The prefill work that shares the iteration: mostly one tile. No request is in two of them.
  package var prefill: [PrefillTile]
  /// Requests that have given their KV blocks up since the plan before, to begin again later: what the carry holds of
  /// them is of no use any more.
  package var preempted: [RequestID]

  package init(decode: [RequestID], prefill: [PrefillTile] = [], preempted: [RequestID] = []) {
    self.decode = decode
    self.prefill = prefill
    self.preempted = preempted
  }

  package var prefillTokens: Int { prefill.reduce(0) { $0 + $1.tokenCount } }
}

/// A tile of the rectangle tokens × layers of one or several prompts.
///
/// A tile that begins at layer 0 embeds its tokens; one that begins later takes their hidden states from the carry,
/// which the tile before it left. One that ends at the last layer completes its tokens.
package struct PrefillTile: Sendable, Equatable {
  /// Consecutive tokens of one request.
  package struct Slice: Sendable, Equatable {
    package var request: RequestID
    /// Positions in its prompt; behind that, in what it had generated before it was preempted.
    package var tokens: Range<Int>

    package init(request: RequestID, tokens: Range<Int>) {
      self.request = request
      self.tokens = tokens
    }
  }

  /// At most one slice a request, in order of admission.
  package var slices: [Slice]
  /// The layers that these tokens pass in this iteration.
  package var layers: Range<Int>

  package init(slices: [Slice], layers: Range<Int>) {
    self.slices = slices
    self.layers = layers
  }

  package var tokenCount: Int { slices.reduce(0) { $0 + $1.tokens.count } }
}

/// Cuts `count` layers into `groups` contiguous ranges as even as possible, the larger ones first.
///
/// `groups` is brought into 1…count.
package func layerGroups(count: Int, groups: Int) -> [Range<Int>] {
  let groups = min(max(groups, 1), max(count, 1))
  var start = 0
  return (0..<groups).map { index in
    let size = count / groups + (index < count % groups ? 1 : 0)
    defer { start += size }
    return start..<start + size
  }
}
