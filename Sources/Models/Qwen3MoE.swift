package import Backend
package import Checkpoints

/// `config.json` of Qwen3-MoE, checked. Field names are those of Hugging Face's `Qwen3MoeConfig`, the older and the newer
/// ones.
struct Qwen3MoEConfiguration: Sendable {
  static let architecture = "Qwen3MoeForCausalLM"

  let description: ModelDescription
  let epsilon: Float
  let theta: Double
  let renormalise: Bool

  /// - Throws: `CheckpointError` naming the field that is missing, out of range, or asks for what is not supported.
  init(_ json: JSONObject) throws {
    let size = 1...(1 << 24)
    let layers = try json.int("num_hidden_layers", in: 1...4096)
    let hidden = try json.int("hidden_size", in: size)
    let queryHeads = try json.int("num_attention_heads", in: 1...4096)
    let keyValueHeads = try json.has("num_key_value_heads") ? json.int("num_key_value_heads", in: 1...4096) : queryHeads
    let headSize = try json.has("head_dim") ? json.int("head_dim", in: 2...1024) : hidden / queryHeads
    let expertsField = json.has("num_experts") ? "num_experts" : "num_local_experts"
    let experts = try json.int(expertsField, in: 1...4096)
    let chosen = try json.int("num_experts_per_tok", in: 1...experts)
    let step = try json.has("decoder_sparse_step") ? json.int("decoder_sparse_step", in: 1...4096) : 1
    let denseLayers = try json.has("mlp_only_layers") ? json.ints("mlp_only_layers") : []
    guard queryHeads % keyValueHeads == 0 else {
      throw json.error("num_key_value_heads", expected: "a divisor of the \(queryHeads) query heads")
    }
    guard headSize >= 2, headSize % 2 == 0 else { throw json.error("head_dim", expected: "an even number above 0") }
    let isSparse = (0..<layers).map { !denseLayers.contains($0) && ($0 + 1) % step == 0 }
    description = ModelDescription(
      architecture: Self.architecture, layerCount: layers, hiddenSize: hidden,
      vocabularySize: try json.int("vocab_size", in: size),
      maxPositions: try json.int("max_position_embeddings", in: size),
      attention: AttentionShape(
        queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: headSize,
        scale: 1 / Float(headSize).squareRoot()),
      expertCount: experts, chosenExperts: chosen,
      expertIntermediateSize: try json.int("moe_intermediate_size", in: size),
      denseIntermediateSize: isSparse.contains(false) ? try json.int("intermediate_size", in: size) : 0,
      isSparse: isSparse,
      tiedEmbeddings: try json.bool("tie_word_embeddings", default: false))
    epsilon = Float(try json.double("rms_norm_eps", default: 1e-6, in: 0...1))
    if json.has("quantization_config") {
      throw json.error("quantization_config", expected: "none: quantised weights are not supported")
    }
    theta = try RopeConfiguration(json).theta
    renormalise = try json.bool("norm_topk_prob", default: false)
    if try json.bool("attention_bias", default: false) {
      throw json.error("attention_bias", expected: "false: biases are not supported")
    }
    if try json.bool("use_sliding_window", default: false) {
      throw json.error("use_sliding_window", expected: "false: sliding windows are not supported")
    }
    let activation = try json.string("hidden_act", default: "silu")
    guard activation == "silu" else { throw json.error("hidden_act", expected: "\"silu\"") }
  }
}

/// Qwen3-MoE (Qwen Team 2025): grouped-query attention with QK-norm, and layers of SwiGLU experts, some of which may be
/// dense instead.
package final class Qwen3MoE<B: Backend>: LanguageModel {
  package let backend: B
  package let description: ModelDescription
  package let expertBytes: [Int]

  private let embedding: B.Matrix
  private let layers: [(attention: AttentionBlock<B>, feedForward: FeedForwardBlock<B>)]
  private let norm: B.Vector
  private let head: B.Matrix
  private let epsilon: Float

  /// - Throws: `CheckpointError` for a field or tensor that is missing or wrong, the backend's errors for what it cannot
  ///   hold.
  package init(_ checkpoint: Checkpoint, on backend: B, positions: Int, progress: @escaping LoadProgress) throws {
    let configuration = try Qwen3MoEConfiguration(checkpoint.configuration)
    let model = configuration.description
    var loader = ModelLoader(backend, checkpoint, progress: progress)
    self.backend = backend
    description = model
    epsilon = configuration.epsilon
    let rotary = try backend.loadVector(
      rotaryTable(
        positions: min(positions, model.maxPositions), headSize: model.attention.headSize, theta: configuration.theta),
      label: "rotary")
    let table = [(name: "model.embed_tokens.weight", rows: model.vocabularySize)]
    embedding = try loader.matrix("embedding", table, columns: model.hiddenSize)
    layers = try (0..<model.layerCount).map { index in
      (
        attention: try Self.attention(index, configuration, rotary, &loader),
        feedForward: try Self.feedForward(index, configuration, &loader)
      )
    }
    norm = try loader.vector("model.norm.weight", count: model.hiddenSize)
    head =
      model.tiedEmbeddings
      ? embedding
      : try loader.matrix("head", [("lm_head.weight", model.vocabularySize)], columns: model.hiddenSize)
    expertBytes = layers.enumerated().map { index, layer in
      guard model.isSparse[index] else { return 0 }
      return backend.byteCount(ofExpert: layer.feedForward.experts)
    }
  }

  private static func attention(
    _ index: Int, _ configuration: Qwen3MoEConfiguration, _ rotary: B.Vector, _ loader: inout ModelLoader<B>
  ) throws -> AttentionBlock<B> {
    let model = configuration.description
    let shape = model.attention
    let prefix = "model.layers.\(index)."
    let keyValueRows = shape.keyValueHeads * shape.headSize
    return AttentionBlock(
      norm: try loader.vector(prefix + "input_layernorm.weight", count: model.hiddenSize),
      qkv: try loader.matrix(
        "layers.\(index).qkv",
        [
          (prefix + "self_attn.q_proj.weight", shape.queryColumns), (prefix + "self_attn.k_proj.weight", keyValueRows),
          (prefix + "self_attn.v_proj.weight", keyValueRows),
        ], columns: model.hiddenSize),
      output: try loader.matrix(
        "layers.\(index).output", [(prefix + "self_attn.o_proj.weight", model.hiddenSize)], columns: shape.queryColumns),
      heads: HeadOptions(
        shape: shape, queryNorm: try loader.vector(prefix + "self_attn.q_norm.weight", count: shape.headSize),
        keyNorm: try loader.vector(prefix + "self_attn.k_norm.weight", count: shape.headSize),
        epsilon: configuration.epsilon, rotary: rotary))
  }

  private static func feedForward(
    _ index: Int, _ configuration: Qwen3MoEConfiguration, _ loader: inout ModelLoader<B>
  ) throws -> FeedForwardBlock<B> {
    let model = configuration.description
    let prefix = "model.layers.\(index)."
    let isSparse = model.isSparse[index]
    let intermediate = isSparse ? model.expertIntermediateSize : model.denseIntermediateSize
    func expert(_ e: Int) -> String { isSparse ? "\(prefix)mlp.experts.\(e)." : "\(prefix)mlp." }
    return FeedForwardBlock(
      norm: try loader.vector(prefix + "post_attention_layernorm.weight", count: model.hiddenSize),
      epsilon: configuration.epsilon,
      router: isSparse
        ? (
          try loader.matrix(
            "layers.\(index).router", [(prefix + "mlp.gate.weight", model.expertCount)], columns: model.hiddenSize),
          configuration.renormalise
        ) : nil,
      experts: try loader.experts(
        layer: index, count: isSparse ? model.expertCount : 1, isDense: !isSparse, hiddenSize: model.hiddenSize,
        intermediate: intermediate
      ) {
        [(expert($0) + "gate_proj.weight", intermediate), (expert($0) + "up_proj.weight", intermediate)]
      } down: {
        [(expert($0) + "down_proj.weight", model.hiddenSize)]
      })
  }

  package func embed(_ batch: B.Batch, rows: Range<Int>, into hidden: B.Activation) throws {
    try backend.embed(batch, rows: rows, table: embedding, into: hidden)
  }

  package func runLayer(
    _ index: Int, hidden: B.Activation, batch: B.Batch, rows: Int, phase: Phase, cache: B.KVCache,
    workspace: Workspace<B>
  ) throws {
    let buffers = try workspace.buffers(rows: rows)
    try layers[index].attention.run(
      backend, hidden: hidden, batch: batch, rows: rows, cache: cache, buffers: buffers)
    try layers[index].feedForward.run(
      backend, layer: index, hidden: hidden, rows: rows, phase: phase, buffers: buffers)
  }

  package func finalNorm(_ hidden: B.Activation, rows: Int, into final: B.Activation) throws {
    try backend.rmsNorm(hidden, weight: norm, epsilon: epsilon, rows: rows, into: final)
  }

  package func logits(_ final: B.Activation, rows: Int, into logits: B.Activation) throws {
    try backend.linear(final, head, rows: rows, into: logits, accumulate: false)
  }
}
