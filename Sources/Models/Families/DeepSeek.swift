import Backend
import Checkpoints

/// DeepSeek-V2 and V3 (DeepSeek-AI 2024): multi-head latent attention, dense layers first, then experts in groups beside
/// shared ones. V2 scores experts by a softmax, V3 by sigmoids with a correction that is learnt for the choice.
struct DeepSeek: ModelFamily {
  private static let versions = ["DeepseekV2ForCausalLM": 2, "DeepseekV3ForCausalLM": 3]
  static let architectures = ["DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM"]

  let configuration: DecoderConfiguration
  private let latent: LatentAttentionShape
  private let isThird: Bool
  private let pairs: Bool
  private let hasAttentionBias: Bool
  private let hasBias: Bool
  private let rule: RouterRule

  init(_ json: JSONObject, architecture: String) throws {
    isThird = Self.versions[architecture] == 3
    let latent = try Self.latent(json, isThird: isThird)
    var configuration = try DecoderConfiguration(json, architecture: architecture, headSize: latent.rotarySize)
    let factor = if case .yarn(let yarn) = configuration.rope.scaling { Float(yarn.scoreFactor) } else { Float(1) }
    configuration.description.latent = latent
    configuration.description.rotaryColumns = latent.rotarySize
    configuration.description.attention = latent.absorbed(
      scale: factor * factor / Float(latent.querySize).squareRoot())
    let layers = configuration.description.layerCount
    let dense = try json.int("first_k_dense_replace", default: isThird ? 3 : 0, in: 0...4096)
    if dense < layers {
      try configuration.setExperts(
        json, intermediate: "moe_intermediate_size", isSparse: (0..<layers).map { $0 >= dense })
      let shared = try json.int("n_shared_experts", default: isThird ? 1 : 2, in: 0...4096)
      configuration.description.sharedIntermediateSize = shared * configuration.description.expertIntermediateSize
    } else {
      try configuration.setDense(json)
    }
    self.latent = latent
    self.configuration = configuration
    pairs = try json.bool("rope_interleave", default: true)
    hasAttentionBias = try json.bool("attention_bias", default: false)
    hasBias = try json.bool("mlp_bias", default: false)
    rule = try Self.rule(json, configuration.description, isThird: isThird)
    if hasBias, dense < layers {
      throw json.error("mlp_bias", expected: "false in a model with experts")
    }
  }

  private static func latent(_ json: JSONObject, isThird: Bool) throws -> LatentAttentionShape {
    let size = 1...4096
    let shape = LatentAttentionShape(
      heads: try json.int("num_attention_heads", in: size),
      queryRank: try json.optionalInt("q_lora_rank", in: 1...65536),
      rank: try json.int("kv_lora_rank", in: size), plainSize: try json.int("qk_nope_head_dim", in: size),
      rotarySize: try json.int("qk_rope_head_dim", in: size), valueSize: try json.int("v_head_dim", in: size))
    guard shape.rotarySize.isMultiple(of: 2) else { throw json.error("qk_rope_head_dim", expected: "an even number") }
    return shape
  }

  private static func rule(_ json: JSONObject, _ model: ModelDescription, isThird: Bool) throws -> RouterRule {
    let method = try json.string("topk_method", default: isThird ? "noaux_tc" : "greedy")
    let known = isThird ? ["noaux_tc"] : ["greedy", "group_limited_greedy"]
    guard known.contains(method) else {
      throw json.error("topk_method", expected: known.map { "\"\($0)\"" }.joined(separator: " or "))
    }
    let isGrouped = isThird || method == "group_limited_greedy"
    let scale = Float(try json.double("routed_scaling_factor", default: isThird ? 2.5 : 1, in: -1e6...1e6))
    return RouterRule(
      scoring: isThird ? .sigmoid : .softmax,
      // Hugging Face's V2 leaves the weights as they are, whatever norm_topk_prob says.
      renormalise: isThird ? try json.bool("norm_topk_prob", default: true) : false, scale: scale,
      groups: isGrouped ? try groups(json, model, best: isThird ? 2 : 1) : nil)
  }

  private static func groups(_ json: JSONObject, _ model: ModelDescription, best: Int) throws -> RouterRule.Groups? {
    let experts = model.expertCount
    guard model.isSparse.contains(true) else { return nil }
    let count = try json.int("n_group", in: 1...experts)
    guard experts.isMultiple(of: count), experts / count >= best else {
      throw json.error("n_group", expected: "a divisor of the \(experts) experts, at least \(best) in each group")
    }
    let kept = try json.int("topk_group", in: 1...count)
    guard kept * (experts / count) >= model.chosenExperts else {
      throw json.error("topk_group", expected: "groups of at least the \(model.chosenExperts) experts that are chosen")
    }
    return kept < count ? RouterRule.Groups(count: count, kept: kept, best: best) : nil
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    DecoderLayer(
      attention: try loader.latentAttention(
        index, latent, rotary: rotary, pairs: pairs ? .neighbours : .halves, hasBias: hasAttentionBias),
      feedForward: configuration.description.isSparse[index]
        ? try sparse(index, &loader) : try loader.dense(index, hasBias: hasBias))
  }

  private func sparse<B: Backend>(_ index: Int, _ loader: inout ModelLoader<B>) throws -> FeedForwardBlock<B> {
    let prefix = "model.layers.\(index).mlp"
    let model = configuration.description
    var block = try loader.sparse(
      index, router: "\(prefix).gate.weight", names: ExpertNames(prefix: "\(prefix).experts"), rule: rule)
    if isThird {
      block.router?.correction = try loader.vector(
        "\(prefix).gate.e_score_correction_bias", count: model.expertCount)
    }
    if model.sharedIntermediateSize > 0 {
      block.shared = FeedForwardBlock.SharedExpert(
        expert: try loader.denseExpert(
          index, prefix: "\(prefix).shared_experts", intermediate: model.sharedIntermediateSize), gate: nil)
    }
    return block
  }
}
