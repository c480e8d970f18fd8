/// Where a model's experts may lie, and how those that are not on the device come to it.
package struct ExpertMemory: Sendable, Equatable {
  /// Bytes of device memory that everything together may take; nil for as many as are needed.
  package var budget: Int?
  /// Bytes of it that are kept for what is allocated later than experts: activations.
  package var reserve: Int
  /// Bytes of host memory for experts in the device's layout; nil for half of what is free. Others are read from the
  /// checkpoint each time.
  package var hostBytes: Int?
  /// The experts of so many layers, from the first on, keep no place on the device.
  package var hostLayers: Int
  /// Whether experts are copied before their layer is reached.
  package var prefetches: Bool
  /// Which experts stay.
  package var retention: ExpertRetention
  /// Bytes a second at most from host to device; nil for the link's own speed.
  package var linkBandwidth: Double?
  /// How popular each expert is, [layers][experts], from a recorded profile.
  package var popularity: [[Double]]?

  package init(
    budget: Int? = nil, reserve: Int = 0, hostBytes: Int? = nil, hostLayers: Int = 0, prefetches: Bool = true,
    retention: ExpertRetention = .auto, linkBandwidth: Double? = nil, popularity: [[Double]]? = nil
  ) {
    self.budget = budget
    self.reserve = reserve
    self.hostBytes = hostBytes
    self.hostLayers = hostLayers
    self.prefetches = prefetches
    self.retention = retention
    self.linkBandwidth = linkBandwidth
    self.popularity = popularity
  }
}

/// Which experts stay on the device when not all fit.
package enum ExpertRetention: String, Sendable, CaseIterable {
  /// Of `frequency` and `recency` the one that has hit more often so far.
  case auto
  /// Those used most often by decoding rows over about 100 tokens.
  case frequency
  /// Those used by the last few tokens.
  case recency
  /// The most recently used, by whatever; for comparison.
  case lru
  /// Any; for comparison.
  case random
}

/// What an iteration is about to run, so that experts can be on their way before their layer is reached.
package struct IterationForecast: Sendable, Equatable {
  /// Prompt rows at each layer, without those that decode.
  package var prefillRows: [Int]
  /// Prompt rows at each layer in the iteration after, as far as that can be told.
  package var nextPrefillRows: [Int]

  package init(prefillRows: [Int], nextPrefillRows: [Int]) {
    self.prefillRows = prefillRows
    self.nextPrefillRows = nextPrefillRows
  }
}
