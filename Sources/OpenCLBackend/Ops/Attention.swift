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
    try launch(
      KernelKey(.attention, headSize: shape.headSize),
      .attention(heads: shape.queryHeads, tiles: batch.tileCounts[rows], plan), qkv.buffer.view, cache.keys.view,
      cache.values.view, batch.tiles.view, batch.tables.view, out.buffer.view, Int32(shape.queryHeads),
      Int32(shape.keyValueHeads), Int32(qkv.columns), shape.scale)
  }
}
