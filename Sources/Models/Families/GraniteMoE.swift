import Backend
import Checkpoints

/// Granite-MoE (IBM 2024): stacked experts, a softmax over the chosen ones, and multipliers of embeddings, attention's scores,
/// what blocks add to the residual stream, and logits.
struct GraniteMoE: ModelFamily {
  static let architectures = ["GraniteMoeForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasBias: Bool

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture)
    try configuration.setExperts(json, intermediate: "intermediate_size")
    func multiplier(_ key: String) throws -> Float { Float(try json.double(key, default: 1, in: -1e6...1e6)) }
    configuration.embeddingScale = try multiplier("embedding_multiplier")
    configuration.residualScale = try multiplier("residual_multiplier")
    configuration.description.attention.scale = try multiplier("attention_multiplier")
    configuration.logitScale = 1 / Float(try json.double("logits_scaling", default: 1, in: 1e-6...1e6))
    self.configuration = configuration
    hasBias = try json.bool("attention_bias", default: false)
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let prefix = "model.layers.\(index).block_sparse_moe"
    // The weights of experts carry the multiplier of what they add.
    let rule = RouterRule(scoring: .chosenSoftmax, renormalise: false, scale: configuration.residualScale)
    let names = ExpertNames(
      prefix: prefix, stackedGateUp: "input_linear.weight", stackedDown: "output_linear.weight")
    return DecoderLayer(
      attention: try loader.attention(
        index, rotary: rotary, AttentionFeatures(hasQKVBias: hasBias, hasOutputBias: hasBias)),
      feedForward: try loader.sparse(index, router: "\(prefix).router.layer.weight", names: names, rule: rule))
  }
}
