/// One iteration: a decode step of every running request through all layers, and at most one tile of prefill.
package struct IterationPlan: Sendable, Equatable {
  /// Running requests, in the order in which they started to run; each decodes one token.
  package var decode: [RequestID]
  /// The prefill work that shares the iteration.
  package var prefill: PrefillTile?

  package init(decode: [RequestID], prefill: PrefillTile?) {
    self.decode = decode
    self.prefill = prefill
  }
}

/// A tile of the rectangle tokens × layers of one or several prompts.
///
/// A tile that begins at layer 0 embeds its tokens; one that begins later takes their hidden states from the carry,
/// which the tile before it left. One that ends at the last layer completes its tokens.
package struct PrefillTile: Sendable, Equatable {
  /// Consecutive tokens of one prompt.
  package struct Slice: Sendable, Equatable {
    package var request: RequestID
    /// Positions in the prompt.
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
