import Backend

/// Multi-head latent attention (DeepSeek-AI 2024) on compressed positions: the projection that would make each head's keys
/// is applied to the queries instead, and that of the values to what attention gives, so that a position keeps one vector
/// for all heads.
final class LatentAttentionBlock<B: Backend>: AttentionLayer {
  /// Queries in one product, or in two with a norm between.
  enum Queries {
    case direct(B.Matrix)
    case compressed(down: B.Matrix, bias: B.Vector?, norm: B.Vector, up: B.Matrix)
  }

  /// The compressed position and the shared rotated key.
  struct Keys {
    let weight: B.Matrix
    let bias: B.Vector?
  }

  let norm: B.Vector
  let queries: Queries
  let keys: Keys
  /// Of each head, [rank, plainSize] and [valueSize, rank].
  let keyUp: B.Matrix
  let valueUp: B.Matrix
  let output: B.Matrix
  let outputOptions: LinearOptions<B.Vector>
  let heads: HeadOptions<B.Vector>
  let latent: LatentAttentionShape
  let epsilon: Float

  init(
    norm: B.Vector, queries: Queries, keys: Keys, keyUp: B.Matrix, valueUp: B.Matrix, output: B.Matrix,
    outputOptions: LinearOptions<B.Vector>, heads: HeadOptions<B.Vector>, latent: LatentAttentionShape, epsilon: Float
  ) {
    self.norm = norm
    self.queries = queries
    self.keys = keys
    self.keyUp = keyUp
    self.valueUp = valueUp
    self.output = output
    self.outputOptions = outputOptions
    self.heads = heads
    self.latent = latent
    self.epsilon = epsilon
  }

  func run(
    _ backend: B, hidden: B.Activation, batch: B.Batch, rows: Int, cache: B.KVCache, buffers: Workspace<B>.Buffers
  ) throws {
    guard let own = buffers.latent else { throw ModelError("no workspace for latent attention") }
    try backend.rmsNorm(hidden, weight: norm, epsilon: epsilon, rows: rows, into: buffers.normed)
    try project(backend, rows: rows, buffers.normed, own)
    try backend.multiplyHeads(own.queries, headSize: latent.querySize, keyUp, rows: rows, into: buffers.qkv)
    try backend.linear(
      buffers.normed, keys.weight, options: LinearOptions(bias: keys.bias, column: heads.shape.queryColumns),
      rows: rows, into: buffers.qkv)
    try backend.attend(
      buffers.qkv, heads, sinks: nil, batch: batch, rows: rows, cache: cache, into: buffers.attention)
    try backend.multiplyHeads(buffers.attention, headSize: latent.rank, valueUp, rows: rows, into: own.values)
    try backend.linear(own.values, output, options: outputOptions, rows: rows, into: hidden)
  }

  /// The queries of all heads, as the checkpoint has them.
  private func project(
    _ backend: B, rows: Int, _ normed: B.Activation, _ buffers: Workspace<B>.LatentBuffers
  ) throws {
    switch queries {
    case .direct(let weight):
      try backend.linear(normed, weight, rows: rows, into: buffers.queries, accumulate: false)
    case .compressed(let down, let bias, let norm, let up):
      guard let compressed = buffers.compressed else { throw ModelError("no workspace for compressed queries") }
      try backend.linear(normed, down, options: LinearOptions(bias: bias), rows: rows, into: compressed)
      try backend.rmsNorm(compressed, weight: norm, epsilon: heads.epsilon, rows: rows, into: compressed)
      try backend.linear(compressed, up, rows: rows, into: buffers.queries, accumulate: false)
    }
  }
}
