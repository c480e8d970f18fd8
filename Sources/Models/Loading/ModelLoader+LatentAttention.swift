import Backend
import Checkpoints

extension ModelLoader {
  /// Multi-head latent attention under DeepSeek's names.
  ///
  /// - Parameter hasBias: of the projections that a family calls `attention_bias`: down, and output.
  mutating func latentAttention(
    _ index: Int, _ latent: LatentAttentionShape, rotary: B.Vector, pairs: HeadOptions<B.Vector>.RotaryPairs,
    hasBias: Bool
  ) throws -> LatentAttentionBlock<B> {
    let shape = model.attention(ofLayer: index)
    let prefix = "model.layers.\(index)."
    let own = prefix + "self_attn."
    let label = "layers.\(index)"
    let keyRows = latent.rank + latent.rotarySize
    let (keyUp, valueUp) =
      checkpoint.contains(own + "k_b_proj.weight")
      ? try turnedProjections(own, latent, label) : try upProjections(own + "kv_b_proj.weight", latent, label)
    return LatentAttentionBlock(
      norm: try vector(prefix + "input_layernorm.weight", count: model.hiddenSize),
      queries: try queries(own, latent, label, hasBias: hasBias),
      keys: LatentAttentionBlock.Keys(
        weight: try matrix(
          "\(label).keys", [(own + "kv_a_proj_with_mqa.weight", keyRows)], columns: model.hiddenSize),
        bias: hasBias ? try vector(own + "kv_a_proj_with_mqa.bias", count: keyRows) : nil),
      keyUp: keyUp, valueUp: valueUp,
      output: try matrix(
        "\(label).output", [(own + "o_proj.weight", model.hiddenSize)], columns: latent.valueColumns),
      outputOptions: try outputOptions(own, hasBias: hasBias),
      heads: HeadOptions(
        shape: shape, queryNorm: nil, keyNorm: try vector(own + "kv_a_layernorm.weight", count: latent.rank),
        normScope: .prefix(latent.rank), epsilon: latentEpsilon, rotary: rotary,
        rotaryColumns: latent.rank..<keyRows, rotaryPairs: pairs),
      latent: latent, epsilon: configuration.epsilon)
  }

  /// ε of the norms inside latent attention, which the configuration does not name.
  private var latentEpsilon: Float { 1e-6 }

  private mutating func queries(
    _ prefix: String, _ latent: LatentAttentionShape, _ label: String, hasBias: Bool
  ) throws -> LatentAttentionBlock<B>.Queries {
    guard let rank = latent.queryRank else {
      return .direct(
        try matrix("\(label).queries", [(prefix + "q_proj.weight", latent.queryColumns)], columns: model.hiddenSize))
    }
    return .compressed(
      down: try matrix("\(label).queries down", [(prefix + "q_a_proj.weight", rank)], columns: model.hiddenSize),
      bias: hasBias ? try vector(prefix + "q_a_proj.bias", count: rank) : nil,
      norm: try vector(prefix + "q_a_layernorm.weight", count: rank),
      up: try matrix("\(label).queries up", [(prefix + "q_b_proj.weight", latent.queryColumns)], columns: rank))
  }

  /// The same where GGUF files have them apart, those of keys turned round already.
  private mutating func turnedProjections(
    _ prefix: String, _ latent: LatentAttentionShape, _ label: String
  ) throws -> (keys: B.Matrix, values: B.Matrix) {
    let keys = try tensor(prefix + "k_b_proj.weight", shape: [latent.heads, latent.rank, latent.plainSize])
    let values = try tensor(prefix + "v_b_proj.weight", shape: [latent.heads, latent.valueSize, latent.rank])
    func matrix(_ name: String, _ tensor: HostTensor) throws -> B.Matrix {
      try backend.loadMatrix(
        MatrixSource(label: "\(label).\(name)", kind: .heads, parts: (0..<latent.heads).map { [tensor.element($0)] }))
    }
    return (try matrix("keys up", keys), try matrix("values up", values))
  }

  /// Each head's projections of the compressed position: that of its keys, turned round to act on queries, and that of its
  /// values.
  private mutating func upProjections(
    _ name: String, _ latent: LatentAttentionShape, _ label: String
  ) throws -> (keys: B.Matrix, values: B.Matrix) {
    let headRows = latent.plainSize + latent.valueSize
    let tensor = try tensor(name, shape: [latent.heads * headRows, latent.rank])
    let keys = (0..<latent.heads).map { head in
      [tensor.rows(head * headRows..<head * headRows + latent.plainSize).transposed()]
    }
    let values = (0..<latent.heads).map { head in
      [tensor.rows(head * headRows + latent.plainSize..<(head + 1) * headRows)]
    }
    return (
      try backend.loadMatrix(MatrixSource(label: "\(label).keys up", kind: .heads, parts: keys)),
      try backend.loadMatrix(MatrixSource(label: "\(label).values up", kind: .heads, parts: values))
    )
  }
}
