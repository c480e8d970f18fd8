import Backend
import Checkpoints

/// Qwen1.5-MoE and Qwen2-MoE (Qwen Team 2024): biases of queries, keys and values, and beside the chosen experts a shared one
/// behind a gate.
struct Qwen2MoE: ModelFamily {
  static let architectures = ["Qwen2MoeForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasBias: Bool
  private let rule: RouterRule

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture)
    try configuration.setExperts(
      json, intermediate: "moe_intermediate_size", isSparse: configuration.qwenSparseLayers(json))
    configuration.description.sharedIntermediateSize = try json.int(
      "shared_expert_intermediate_size", in: DecoderConfiguration.sizes)
    let slides = try json.bool("use_sliding_window", default: false)
    let end = try json.int("max_window_layers", default: 28)
    if slides || !json.has("layer_types") {
      try configuration.setWindows(json) { slides && $0.isMultiple(of: 2) && $0 < end }
    }
    self.configuration = configuration
    hasBias = try json.bool("qkv_bias", default: true)
    rule = RouterRule(renormalise: try json.bool("norm_topk_prob", default: false))
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    DecoderLayer(
      attention: try loader.attention(index, rotary: rotary, AttentionFeatures(hasQKVBias: hasBias)),
      feedForward: configuration.description.isSparse[index] ? try sparse(index, &loader) : try loader.dense(index))
  }

  private func sparse<B: Backend>(_ index: Int, _ loader: inout ModelLoader<B>) throws -> FeedForwardBlock<B> {
    let prefix = "model.layers.\(index).mlp"
    let model = configuration.description
    var block = try loader.sparse(
      index, router: "\(prefix).gate.weight", names: ExpertNames(prefix: "\(prefix).experts"), rule: rule)
    block.shared = FeedForwardBlock.SharedExpert(
      expert: try loader.denseExpert(
        index, prefix: "\(prefix).shared_expert", intermediate: model.sharedIntermediateSize),
      gate: try loader.matrix(
        "layers.\(index).shared gate", [("\(prefix).shared_expert_gate.weight", 1)], columns: model.hiddenSize))
    return block
  }
}
