import Backend

/// What a family's grouped-query attention has besides its projections.
struct AttentionFeatures {
  /// RMS norms of queries and keys, nil for none.
  var norm: NormScope?
  var hasQKVBias = false
  var hasOutputBias = false
  var hasSinks = false
  var clip: Float?

  enum NormScope {
    case head
    case allHeads
  }
}

extension ModelLoader {
  /// Grouped-query attention under the names that most families share: `self_attn.q_proj`, and so on.
  mutating func attention(
    _ index: Int, rotary: B.Vector, _ features: AttentionFeatures = AttentionFeatures()
  ) throws -> AttentionBlock<B> {
    let shape = model.attention(ofLayer: index)
    let prefix = "model.layers.\(index)."
    let own = prefix + "self_attn."
    let keyValueRows = shape.keyValueHeads * shape.headSize
    let projections = [("q_proj", shape.queryColumns), ("k_proj", keyValueRows), ("v_proj", keyValueRows)]
    let isWide = features.norm == .allHeads
    func norm(_ name: String, _ heads: Int, _ loader: inout Self) throws -> B.Vector? {
      guard features.norm != nil else { return nil }
      return try loader.vector(own + name, count: shape.headSize * (isWide ? heads : 1))
    }
    return AttentionBlock(
      norm: try vector(prefix + "input_layernorm.weight", count: model.hiddenSize),
      qkv: try matrix(
        "layers.\(index).qkv", projections.map { (own + $0.0 + ".weight", $0.1) }, columns: model.hiddenSize),
      qkvBias: features.hasQKVBias
        ? try vector("layers.\(index).qkv bias", projections.map { (own + $0.0 + ".bias", $0.1) }) : nil,
      output: try matrix(
        "layers.\(index).output", [(own + "o_proj.weight", model.hiddenSize)], columns: shape.outputColumns),
      outputOptions: try outputOptions(own, hasBias: features.hasOutputBias),
      heads: HeadOptions(
        shape: shape, queryNorm: try norm("q_norm.weight", shape.queryHeads, &self),
        keyNorm: try norm("k_norm.weight", shape.keyValueHeads, &self), normScope: isWide ? .allHeads : .head,
        epsilon: configuration.epsilon, clip: features.clip, rotary: rotary),
      epsilon: configuration.epsilon,
      sinks: features.hasSinks ? try vector(own + "sinks", count: shape.queryHeads) : nil)
  }

  /// How the output projection is added to the residual stream.
  mutating func outputOptions(_ prefix: String, hasBias: Bool) throws -> LinearOptions<B.Vector> {
    LinearOptions(
      bias: hasBias ? try vector(prefix + "o_proj.bias", count: model.hiddenSize) : nil,
      scale: configuration.residualScale, accumulate: true)
  }
}
