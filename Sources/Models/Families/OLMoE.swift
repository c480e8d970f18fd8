import Backend
import Checkpoints

/// OLMoE (Muennighoff et al. 2024): norms over all queries and all keys of a row, which may be clipped, and SwiGLU experts.
struct OLMoE: ModelFamily {
  static let architectures = ["OlmoeForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasBias: Bool
  private let clip: Float?
  private let rule: RouterRule

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture, epsilon: 1e-5)
    try configuration.setExperts(json, intermediate: "intermediate_size")
    self.configuration = configuration
    hasBias = try json.bool("attention_bias", default: false)
    clip = try json.optionalDouble("clip_qkv", in: 0...1e30).map { Float($0) }
    rule = RouterRule(renormalise: try json.bool("norm_topk_prob", default: false))
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let prefix = "model.layers.\(index).mlp"
    let features = AttentionFeatures(norm: .allHeads, hasQKVBias: hasBias, hasOutputBias: hasBias, clip: clip)
    return DecoderLayer(
      attention: try loader.attention(index, rotary: rotary, features),
      feedForward: try loader.sparse(
        index, router: "\(prefix).gate.weight", names: ExpertNames(prefix: "\(prefix).experts"), rule: rule))
  }
}
