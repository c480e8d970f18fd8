import Backend
import Checkpoints

/// What every family's `config.json` says, checked, and the options in which families differ.
struct DecoderConfiguration: Sendable {
  var description: ModelDescription
  var epsilon: Float
  var rope: RopeConfiguration
  /// Multiplies embeddings, what each block adds to the residual stream, and logits.
  var embeddingScale: Float = 1
  var residualScale: Float = 1
  var logitScale: Float = 1

  /// Reads what all families share: a dense model, until the family says more.
  ///
  /// - Parameters:
  ///   - headSize: where the configuration has none; nil for hidden size / heads.
  ///   - epsilon: where the configuration has none.
  ///   - theta: where the configuration has none; nil if it must be there.
  ///   - quantisation: the method that the family's weights may have been quantised by.
  /// - Throws: `CheckpointError` naming the field that is missing, out of range, or asks for what is not supported.
  init(
    _ json: JSONObject, architecture: String, headSize: Int? = nil, epsilon: Double = 1e-6, theta: Double? = 10_000,
    quantisation: String? = nil
  ) throws {
    try Self.checkQuantisation(json, allowed: quantisation)
    let layers = try json.int("num_hidden_layers", in: 1...4096)
    let hidden = try json.int("hidden_size", in: Self.sizes)
    let shape = try Self.attention(json, hidden: hidden, headSize: headSize)
    description = ModelDescription(
      architecture: architecture, layerCount: layers, hiddenSize: hidden,
      vocabularySize: try json.int("vocab_size", in: Self.sizes),
      maxPositions: try json.int("max_position_embeddings", in: Self.sizes), attention: shape,
      windows: Array(repeating: nil, count: layers), rotaryColumns: shape.headSize, latent: nil, expertCount: 1,
      chosenExperts: 1, expertIntermediateSize: 0, denseIntermediateSize: 0, sharedIntermediateSize: 0,
      isSparse: Array(repeating: false, count: layers),
      tiedEmbeddings: try json.bool("tie_word_embeddings", default: false))
    self.epsilon = Float(try json.double("rms_norm_eps", default: epsilon, in: 0...1))
    rope = try RopeConfiguration(json, defaultTheta: theta)
    let activation = try json.string("hidden_act", default: "silu")
    guard activation == "silu" else { throw json.error("hidden_act", expected: "\"silu\"") }
  }

  static let sizes = 1...(1 << 24)

  private static func attention(_ json: JSONObject, hidden: Int, headSize: Int?) throws -> AttentionShape {
    let queryHeads = try json.int("num_attention_heads", in: 1...4096)
    let keyValueHeads = try json.int("num_key_value_heads", default: queryHeads, in: 1...4096)
    let size = try json.int("head_dim", default: headSize ?? hidden / queryHeads, in: 1...1024)
    guard queryHeads % keyValueHeads == 0 else {
      throw json.error("num_key_value_heads", expected: "a divisor of the \(queryHeads) query heads")
    }
    guard size >= 2, size % 2 == 0 else { throw json.error("head_dim", expected: "an even number above 0") }
    return AttentionShape(
      queryHeads: queryHeads, keyValueHeads: keyValueHeads, headSize: size, scale: 1 / Float(size).squareRoot())
  }

  private static func checkQuantisation(_ json: JSONObject, allowed: String?) throws {
    guard let quantisation = try json.object("quantization_config") else { return }
    guard let allowed else {
      throw json.error("quantization_config", expected: "none: quantised weights are not supported")
    }
    guard try quantisation.string("quant_method") == allowed else {
      throw quantisation.error("quant_method", expected: "\"\(allowed)\"")
    }
  }
}

// Layers with experts, and layers with windows.
extension DecoderConfiguration {
  /// Makes layers sparse, with as many experts of `intermediate` columns as the configuration says under any of its names.
  mutating func setExperts(_ json: JSONObject, intermediate: String, isSparse: [Bool]) throws {
    let names = ["num_experts", "num_local_experts", "n_routed_experts"]
    let experts = try json.int(names.first { json.has($0) } ?? "num_local_experts", in: 1...4096)
    let older = "experts_per_token"
    description.expertCount = experts
    description.chosenExperts = try json.int(json.has(older) ? older : "num_experts_per_tok", in: 1...experts)
    description.expertIntermediateSize = try json.int(intermediate, in: Self.sizes)
    description.isSparse = isSparse
    if isSparse.contains(false) { try setDenseLayers(json) }
  }

  /// All layers are sparse.
  mutating func setExperts(_ json: JSONObject, intermediate: String) throws {
    try setExperts(json, intermediate: intermediate, isSparse: description.isSparse.map { _ in true })
  }

  mutating func setDenseLayers(_ json: JSONObject) throws {
    description.denseIntermediateSize = try json.int("intermediate_size", in: Self.sizes)
  }

  /// A model without sparse layers.
  mutating func setDense(_ json: JSONObject) throws {
    try setDenseLayers(json)
    description.expertIntermediateSize = description.denseIntermediateSize
  }

  /// The Qwen families' choice of sparse layers: `mlp_only_layers` and every `decoder_sparse_step`-th.
  func qwenSparseLayers(_ json: JSONObject) throws -> [Bool] {
    let step = try json.int("decoder_sparse_step", default: 1, in: 1...4096)
    let denseLayers = json.has("mlp_only_layers") ? try json.ints("mlp_only_layers") : []
    return (0..<description.layerCount).map { !denseLayers.contains($0) && ($0 + 1) % step == 0 }
  }

  /// Which layers have a window of `sliding_window` positions: `layer_types`, or where that is missing `isSliding`.
  mutating func setWindows(_ json: JSONObject, isSliding: (Int) -> Bool) throws {
    let kinds = json.has("layer_types") ? try json.strings("layer_types") : nil
    if let kinds {
      guard kinds.count == description.layerCount else {
        throw json.error("layer_types", expected: "one for each of the \(description.layerCount) layers")
      }
      guard kinds.allSatisfy({ $0 == "sliding_attention" || $0 == "full_attention" }) else {
        throw json.error("layer_types", expected: "\"sliding_attention\" or \"full_attention\" in all layers")
      }
    }
    let slides = (0..<description.layerCount).map { layer in
      kinds.map { $0[layer] == "sliding_attention" } ?? isSliding(layer)
    }
    guard slides.contains(true) else { return }
    let window = try json.int("sliding_window", in: Self.sizes)
    description.windows = slides.map { $0 ? window : nil }
  }
}
