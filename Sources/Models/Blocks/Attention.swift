import Backend

/// Grouped-query attention with rotary embedding and, where the family has it, QK-norm; adds its result to the residual
/// stream.
struct AttentionBlock<B: Backend> {
  var norm: B.Vector
  /// Queries, keys and values in one matrix.
  var qkv: B.Matrix
  var output: B.Matrix
  var heads: HeadOptions<B.Vector>

  /// hidden += Wₒ · attention(norm(hidden)), for the first `rows` rows.
  func run(
    _ backend: B, hidden: B.Activation, batch: B.Batch, rows: Int, cache: B.KVCache, buffers: Workspace<B>.Buffers
  ) throws {
    try backend.rmsNorm(hidden, weight: norm, epsilon: heads.epsilon, rows: rows, into: buffers.normed)
    try backend.linear(buffers.normed, qkv, rows: rows, into: buffers.qkv, accumulate: false)
    try backend.prepareHeads(buffers.qkv, heads, batch: batch, rows: rows, cache: cache)
    try backend.attention(
      buffers.qkv, shape: heads.shape, batch: batch, rows: rows, cache: cache, into: buffers.attention)
    try backend.linear(buffers.attention, output, rows: rows, into: hidden, accumulate: true)
  }
}
