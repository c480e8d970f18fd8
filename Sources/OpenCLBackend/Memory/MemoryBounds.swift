package import Backend

/// What a device's buffers take beside weights and activations: known before any of them is made.
extension OpenCLBackend {
  /// Bytes of one layer's keys and values, in the layout of `plan`.
  package static func byteCount(_ cache: KVCacheShape, plan: DevicePlan) -> Int {
    guard MatrixAttention.serves(cache, plan) else { return cache.byteCount }
    let units = cache.blockCount * cache.heads
    return 2 * units * cache.headSize.roundedUp(to: 16) * blockSize * 4 + units * 4
  }

  /// Bytes at most of the tiles and counts of a routing, for up to `rows` rows of `chosen` of `experts` experts, and of the
  /// places of each layer's experts, of which one more is made before the old one goes.
  package static func routingBytes(rows: Int, experts: Int, chosen: Int, layers: Int, plan: DevicePlan) -> Int {
    let entries = max(1, LaunchShape.mostEntries(slots: rows * chosen, experts: experts, plan))
    return 16 * entries + 4 * (layers * (2 + experts) + (layers + 1) * experts)
  }

  /// Bytes at most that attention keeps between the parts of contexts of up to `positions` positions.
  package static func attentionBytes(
    _ heads: AttentionShape, rows: Int, positions: Int, cache: KVCacheShape, plan: DevicePlan
  ) -> Int {
    guard MatrixAttention.serves(cache, plan) else { return 0 }
    return MatrixAttention.mostScratchBytes(
      heads, rows: rows, tallest: LaunchShape.attentionRows(cache, plan), longest: positions)
  }
}
