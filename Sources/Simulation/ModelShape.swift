package import Checkpoints

/// What a cost model needs to know of a Mixture-of-Experts transformer, from any `config.json`.
package struct ModelShape: Sendable, Equatable {
  package var name: String
  package var layers: Int
  package var hiddenSize: Int
  package var queryHeads: Int
  package var keyValueHeads: Int
  package var headSize: Int
  package var experts: Int
  package var chosenExperts: Int
  /// Columns between the two products of an expert.
  package var expertIntermediateSize: Int
  package var vocabularySize: Int
  package var contextLength: Int
  /// For each layer the positions that attention looks back on at most; nil for all.
  package var windows: [Int?]
  /// Bytes of a weight, and of a value in the KV cache.
  package var weightBytes: Double
  package var cacheBytes: Double

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
    experts = try json.int(first("num_experts", "num_local_experts", "n_routed_experts"), in: 1...65536)
    chosenExperts = try json.int(first("num_experts_per_tok", "experts_per_token"), in: 1...experts)
    expertIntermediateSize = try json.int(first("moe_intermediate_size", "intermediate_size"), in: size)
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
  }

  /// Weights of one expert: gate, up and down projection.
  package var expertElements: Double { 3 * Double(hiddenSize) * Double(expertIntermediateSize) }
  package var expertBytes: Double { expertElements * weightBytes }
  /// Weights of a layer that every token meets: attention's projections and the router.
  package var denseElements: Double {
    let queries = Double(queryHeads * headSize)
    return Double(hiddenSize) * (2 * queries + 2 * Double(keyValueHeads * headSize) + Double(experts))
  }
  package var headElements: Double { Double(hiddenSize) * Double(vocabularySize) }
  /// Of a layer, bytes that one position takes in the KV cache.
  package var cacheBytesPerPosition: Double { 2 * Double(keyValueHeads * headSize) * cacheBytes }
  package var totalBytes: Double {
    (Double(layers) * (denseElements + Double(experts) * expertElements) + 2 * headElements) * weightBytes
  }
}
