import Backend
import Checkpoints

/// Qwen3-MoE (Qwen Team 2025): grouped-query attention with QK-norm, and layers of SwiGLU experts, some of which may be
/// dense instead. Field names are those of Hugging Face's `Qwen3MoeConfig`, the older and the newer ones.
struct Qwen3MoE: ModelFamily {
  static let architectures = ["Qwen3MoeForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasBias: Bool
  private let rule: RouterRule

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture, theta: nil)
    try configuration.setExperts(
      json, intermediate: "moe_intermediate_size", isSparse: configuration.qwenSparseLayers(json))
    let slides = try json.bool("use_sliding_window", default: false) && json.has("sliding_window")
    try configuration.setWindows(json) { _ in slides }
    self.configuration = configuration
    hasBias = try json.bool("attention_bias", default: false)
    rule = RouterRule(renormalise: try json.bool("norm_topk_prob", default: false))
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let prefix = "model.layers.\(index).mlp"
    let features = AttentionFeatures(norm: .head, hasQKVBias: hasBias, hasOutputBias: hasBias)
    return DecoderLayer(
      attention: try loader.attention(index, rotary: rotary, features),
      feedForward: configuration.description.isSparse[index]
        ? try loader.sparse(
          index, router: "\(prefix).gate.weight", names: ExpertNames(prefix: "\(prefix).experts"), rule: rule)
        : try loader.dense(index))
  }
}
