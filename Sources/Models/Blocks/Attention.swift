import Backend

/// The attention half of a layer; adds its result to the residual stream.
protocol AttentionLayer<B>: AnyObject {
  associatedtype B: Backend

  /// hidden += Wₒ · attention(norm(hidden)), for the first `rows` rows.
  func run(
    _ backend: B, hidden: B.Activation, batch: B.Batch, rows: Int, cache: B.KVCache, buffers: Workspace<B>.Buffers
  ) throws
}

/// Grouped-query attention with rotary embedding and what a family adds to it: norms, biases, windows, sinks.
final class AttentionBlock<B: Backend>: AttentionLayer {
  let norm: B.Vector
  /// Queries, keys and values in one matrix.
  let qkv: B.Matrix
  let qkvBias: B.Vector?
  let output: B.Matrix
  let outputOptions: LinearOptions<B.Vector>
  let heads: HeadOptions<B.Vector>
  /// RMS norm's ε before the projections.
  let epsilon: Float
  let sinks: B.Vector?

  init(
    norm: B.Vector, qkv: B.Matrix, qkvBias: B.Vector?, output: B.Matrix, outputOptions: LinearOptions<B.Vector>,
    heads: HeadOptions<B.Vector>, epsilon: Float, sinks: B.Vector?
  ) {
    self.norm = norm
    self.qkv = qkv
    self.qkvBias = qkvBias
    self.output = output
    self.outputOptions = outputOptions
    self.heads = heads
    self.epsilon = epsilon
    self.sinks = sinks
  }

  func run(
    _ backend: B, hidden: B.Activation, batch: B.Batch, rows: Int, cache: B.KVCache, buffers: Workspace<B>.Buffers
  ) throws {
    try backend.rmsNorm(hidden, weight: norm, epsilon: epsilon, rows: rows, into: buffers.normed)
    try backend.linear(
      buffers.normed, qkv, options: LinearOptions(bias: qkvBias), rows: rows, into: buffers.qkv)
    try backend.attend(
      buffers.qkv, heads, sinks: sinks, batch: batch, rows: rows, cache: cache, into: buffers.attention)
    try backend.linear(buffers.attention, output, options: outputOptions, rows: rows, into: hidden)
  }
}
