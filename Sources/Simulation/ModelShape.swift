package import Checkpoints

/// What a cost model needs to know of a Mixture-of-Experts transformer, or of a dense one as a model with one expert, from
/// any `config.json`. Every layer counts as one with experts.
package struct ModelShape: Sendable, Equatable {
  package var name: String
  package var layers: Int
  package var hiddenSize: Int
  package var queryHeads: Int
  package var keyValueHeads: Int
  package var headSize: Int
  /// Of multi-head latent attention, whose cache has one head of `headSize` elements without values.
  package var latent: Latent?
  package var experts: Int
  package var chosenExperts: Int
  /// Columns between the two products of an expert.
  package var expertIntermediateSize: Int
  /// The same of the expert that every token meets besides; 0 if there is none.
  package var sharedIntermediateSize: Int
  package var vocabularySize: Int
  package var contextLength: Int
  /// For each layer the positions that attention looks back on at most; nil for all.
  package var windows: [Int?]
  /// Bytes of a weight, and of a value in the KV cache.
  package var weightBytes: Double
  package var cacheBytes: Double

  /// Sizes of multi-head latent attention.
  package struct Latent: Sendable, Equatable {
    /// Elements of a compressed position that values are made of; the others are the rotated key.
    package var rank: Int
    /// Weights of the projections in a layer.
    package var elements: Double
  }

  /// Reads the fields that Qwen3-MoE, GPT-OSS, Mixtral and their kind have, under any of their names.
  /// - Throws: `CheckpointError` naming the field that is missing or out of range.
  package init(_ json: JSONObject, name: String) throws(CheckpointError) {
    func first(_ keys: String...) -> String { keys.first { json.has($0) } ?? keys[0] }
    let size = 1...(1 << 24)
    layers = try json.int("num_hidden_layers", in: 1...4096)
    hiddenSize = try json.int("hidden_size", in: size)
    queryHeads = try json.int("num_attention_heads", in: 1...4096)
    keyValueHeads = try json.int("num_key_value_heads", default: queryHeads, in: 1...4096)
    headSize = try json.int("head_dim", default: max(1, hiddenSize / queryHeads), in: 1...4096)
    let expertsField = first("num_experts", "num_local_experts", "n_routed_experts")
    let isDense = !json.has(expertsField) && json.has("architectures")
    experts = isDense ? 1 : try json.int(expertsField, in: 1...65536)
    chosenExperts = isDense ? 1 : try json.int(first("num_experts_per_tok", "experts_per_token"), in: 1...experts)
    expertIntermediateSize = try json.int(first("moe_intermediate_size", "intermediate_size"), in: size)
    let shared = try json.int("n_shared_experts", default: 0, in: 0...4096) * expertIntermediateSize
    sharedIntermediateSize = try json.int("shared_expert_intermediate_size", default: shared, in: 0...(1 << 24))
    vocabularySize = try json.int("vocab_size", in: size)
    contextLength = try json.int("max_position_embeddings", in: size)
    let kinds = json.has("layer_types") ? try json.strings("layer_types") : []
    let slides = (0..<layers).map { kinds.indices.contains($0) && kinds[$0] == "sliding_attention" }
    // Models without such layers have any number here.
    let window = slides.contains(true) ? try json.optionalInt("sliding_window", in: size) : nil
    windows = slides.map { $0 ? window : nil }
    weightBytes = 2
    cacheBytes = 2
    self.name = name
    latent = nil
    if json.has("kv_lora_rank") { try setLatent(json) }
  }

  private mutating func setLatent(_ json: JSONObject) throws(CheckpointError) {
    let size = 1...(1 << 16)
    let (rank, rotated) = (try json.int("kv_lora_rank", in: size), try json.int("qk_rope_head_dim", in: size))
    let (plain, value) = (try json.int("qk_nope_head_dim", in: size), try json.int("v_head_dim", in: size))
    let queries = queryHeads * (plain + rotated)
    let queryElements =
      try json.optionalInt("q_lora_rank", in: size).map { $0 * (hiddenSize + queries) } ?? hiddenSize * queries
    let others = hiddenSize * (rank + rotated) + queryHeads * (rank * (plain + value) + value * hiddenSize)
    latent = Latent(rank: rank, elements: Double(queryElements + others))
    (keyValueHeads, headSize) = (1, rank + rotated)
  }

  /// Weights of one expert: gate, up and down projection.
  package var expertElements: Double { 3 * Double(hiddenSize) * Double(expertIntermediateSize) }
  package var expertBytes: Double { expertElements * weightBytes }
  /// Weights of a layer that every token meets: attention's projections, the router and a shared expert.
  package var denseElements: Double {
    let queries = Double(queryHeads * headSize)
    let projections = latent?.elements ?? Double(hiddenSize) * (2 * queries + 2 * Double(keyValueHeads * headSize))
    let router = experts > 1 ? Double(hiddenSize * experts) : 0
    return projections + router + 3 * Double(hiddenSize * sharedIntermediateSize)
  }
  package var headElements: Double { Double(hiddenSize) * Double(vocabularySize) }
  /// Of a layer, bytes that one position takes in the KV cache.
  package var cacheBytesPerPosition: Double {
    (latent == nil ? 2 : 1) * Double(keyValueHeads * headSize) * cacheBytes
  }
  /// Multiplied elements of a query and a position that it looks back on: of the score, and of the value.
  package var attentionElements: Double {
    Double(queryHeads * headSize) + Double(queryHeads * (latent?.rank ?? headSize))
  }
  package var totalBytes: Double {
    (Double(layers) * (denseElements + Double(experts) * expertElements) + 2 * headElements) * weightBytes
  }
}
