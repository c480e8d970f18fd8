package import Backend
import OpenCL

extension OpenCLBackend {
  package func prepareHeads(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache
  ) throws {
    let shape = heads.shape
    precondition(qkv.columns == shape.qkvColumns)
    let key = KernelKey(.heads, headSize: shape.headSize)
    let launchShape = LaunchShape.heads(rows: rows, heads: shape.queryHeads + 2 * shape.keyValueHeads, plan)
    let queryNorm = (heads.queryNorm ?? heads.rotary).buffer.view
    let keyNorm = (heads.keyNorm ?? heads.rotary).buffer.view
    let hasNorm = Int32(heads.queryNorm == nil ? 0 : 1)
    if let spoiled = cache.spoiled {
      try launch(
        key, launchShape, qkv.buffer.view, queryNorm, keyNorm, heads.rotary.buffer.view, batch.positions.view,
        batch.slots.view, cache.keys.view, cache.values.view, Int32(shape.queryHeads), Int32(shape.keyValueHeads),
        hasNorm, heads.epsilon, spoiled.view)
    } else {
      try launch(
        key, launchShape, qkv.buffer.view, queryNorm, keyNorm, heads.rotary.buffer.view, batch.positions.view,
        batch.slots.view, cache.keys.view, cache.values.view, Int32(shape.queryHeads), Int32(shape.keyValueHeads),
        hasNorm, heads.epsilon)
    }
  }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, batch: Batch, rows: Int, cache: KVCache, into out: Activation
  ) throws {
    precondition(qkv.columns == shape.qkvColumns && out.columns == shape.queryColumns)
    if let spoiled = cache.spoiled {
      return try matrixAttention(
        qkv, shape: shape, batch: batch, rows: rows, cache: cache, spoiled: spoiled, into: out)
    }
    try launch(
      KernelKey(.attention, headSize: shape.headSize),
      .attention(heads: shape.queryHeads, tiles: batch.tileCounts[rows], plan), qkv.buffer.view, cache.keys.view,
      cache.values.view, batch.tiles.view, batch.tables.view, out.buffer.view, Int32(shape.queryHeads),
      Int32(shape.keyValueHeads), Int32(qkv.columns), shape.scale)
  }
}
