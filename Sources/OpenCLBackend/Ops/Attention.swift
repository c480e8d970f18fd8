package import Backend
import OpenCL

extension OpenCLBackend {
  package func prepareHeads(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache
  ) throws {
    let shape = heads.shape
    precondition(qkv.columns == shape.qkvColumns)
    try launch(
      KernelKey(.heads, headSize: shape.headSize),
      .heads(rows: rows, heads: shape.queryHeads + 2 * shape.keyValueHeads, plan), qkv.buffer.view,
      (heads.queryNorm ?? heads.rotary).buffer.view, (heads.keyNorm ?? heads.rotary).buffer.view,
      heads.rotary.buffer.view, batch.positions.view, batch.slots.view, cache.keys.view, cache.values.view,
      Int32(shape.queryHeads), Int32(shape.keyValueHeads), Int32(heads.queryNorm == nil ? 0 : 1), heads.epsilon)
  }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, batch: Batch, rows: Int, cache: KVCache, into out: Activation
  ) throws {
    precondition(qkv.columns == shape.qkvColumns && out.columns == shape.queryColumns)
    if plan.style == .mma {
      return try matrixAttention(qkv, shape: shape, batch: batch, rows: rows, cache: cache, into: out)
    }
    try launch(
      KernelKey(.attention, headSize: shape.headSize),
      .attention(heads: shape.queryHeads, tiles: batch.tileCounts[rows], plan), qkv.buffer.view, cache.keys.view,
      cache.values.view, batch.tiles.view, batch.tables.view, out.buffer.view, Int32(shape.queryHeads),
      Int32(shape.keyValueHeads), Int32(qkv.columns), shape.scale)
  }

  private func matrixAttention(
    _ qkv: Activation, shape: AttentionShape, batch: Batch, rows: Int, cache: KVCache, into out: Activation
  ) throws {
    let tiles = batch.tileCounts[rows]
    guard tiles > 0 else { return }
    let cut = MatrixAttention(
      shape, tiles: tiles, tallest: batch.tallest[tiles], longest: batch.longest[tiles], rows: rows, units: plan.units)
    let (partial, arrivals) = try attentionScratch(byteCount: cut.partialBytes, meetings: cut.meetings)
    try launch(
      KernelKey(.attention, headSize: shape.headSize), cut.shape, qkv.buffer.view, cache.keys.view, cache.values.view,
      batch.tiles.view, batch.tables.view, out.buffer.view, Int32(shape.queryHeads), Int32(shape.keyValueHeads),
      Int32(qkv.columns), shape.scale, Int32(cut.blocks), Int32(cut.isSplit ? 1 : 0), Int32(cut.parts), partial.view,
      arrivals.view)
  }

  /// Buffers for the parts of a context, kept for the next time; `arrivals` are zero before and after a launch.
  private func attentionScratch(
    byteCount: Int, meetings: Int
  ) throws -> (partial: DeviceBuffer, arrivals: DeviceBuffer) {
    if partialScratch.map({ $0.view.byteCount < byteCount }) ?? true {
      partialScratch = try makeBuffer(byteCount: max(byteCount, 1 << 20), label: "attention parts")
    }
    if arrivalScratch.map({ $0.view.byteCount < meetings * 4 }) ?? true {
      arrivalScratch = try makeBuffer([Int32](repeating: 0, count: max(meetings, 1024)), label: "attention arrivals")
    }
    guard let partialScratch, let arrivalScratch else { throw BackendError("attention: no scratch memory") }
    return (partialScratch, arrivalScratch)
  }
}
