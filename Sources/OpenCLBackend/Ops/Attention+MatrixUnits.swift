import Backend
import OpenCL

extension OpenCLBackend {
  /// A cache of keys and values in pieces (`Kernels/Attention/pieces.clh`), zero at first: padding and blocks that are
  /// partly written are multiplied by zero, and must be numbers.
  func makePiecesCache(_ shape: KVCacheShape, label: String) throws -> KVCache {
    let units = shape.blockCount * shape.heads
    func zeros(_ byteCount: Int, _ part: String) throws -> DeviceBuffer {
      let buffer = try makeBuffer(byteCount: byteCount, label: "\(label) (\(part))")
      try separately { try $0.fill(buffer.view, with: 0, byteCount: byteCount) }
      return buffer
    }
    let unitBytes = shape.headSize.roundedUp(to: 16) * Self.blockSize * 4
    return KVCache(
      shape: shape, keys: try zeros(units * unitBytes, "keys"), values: try zeros(units * unitBytes, "values"),
      spoiled: try zeros(units * 4, "blocks that are not finite"))
  }

  func matrixAttention(
    _ qkv: Activation, shape: AttentionShape, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    spoiled: DeviceBuffer, into out: Activation
  ) throws {
    out.change()
    let tiles = batch.tileCounts[rows]
    guard tiles > 0 else { return }
    let cut = MatrixAttention(
      shape, tiles: tiles, tallest: batch.tallest[tiles], longest: batch.longest[tiles], rows: rows, units: plan.units)
    let (partial, arrivals) = try attentionScratch(byteCount: cut.partialBytes, meetings: cut.meetings)
    try launch(
      KernelKey(.attention, headSize: shape.headSize, features: shape.features(hasSinks: sinks != nil)), cut.shape,
      qkv.buffer.view, cache.keys.view, cache.values.view,
      batch.tiles.view, batch.tables.view, out.buffer.view, Int32(shape.queryHeads), Int32(shape.keyValueHeads),
      Int32(qkv.columns), shape.scale, spoiled.view, Int32(cut.blocks), Int32(cut.isSplit ? 1 : 0), Int32(cut.parts),
      partial.view, arrivals.view, (sinks?.buffer ?? qkv.buffer).view)
  }

  /// Buffers for the parts of a context, kept for the next time; `arrivals` are zero before and after a launch.
  private func attentionScratch(
    byteCount: Int, meetings: Int
  ) throws -> (partial: DeviceBuffer, arrivals: DeviceBuffer) {
    if partialScratch.map({ $0.view.byteCount < byteCount }) ?? true {
      partialScratch = nil  // given back before the larger one is taken
      partialScratch = try makeBuffer(
        byteCount: max(byteCount, MatrixAttention.leastPartialBytes), label: "attention parts")
    }
    if arrivalScratch.map({ $0.view.byteCount < meetings * 4 }) ?? true {
      arrivalScratch = nil
      arrivalScratch = try makeBuffer(
        [Int32](repeating: 0, count: max(meetings, MatrixAttention.leastMeetings)), label: "attention arrivals")
    }
    guard let partialScratch, let arrivalScratch else { throw BackendError("attention: no scratch memory") }
    return (partialScratch, arrivalScratch)
  }
}
