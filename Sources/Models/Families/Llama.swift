import Backend
import Checkpoints

/// Llama (Touvron et al. 2023) and models of its shape, without experts: grouped-query attention and a SwiGLU network.
struct Llama: ModelFamily {
  static let architectures = ["LlamaForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasAttentionBias: Bool
  private let hasBias: Bool

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture)
    try configuration.setDense(json)
    self.configuration = configuration
    hasAttentionBias = try json.bool("attention_bias", default: false)
    hasBias = try json.bool("mlp_bias", default: false)
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let features = AttentionFeatures(hasQKVBias: hasAttentionBias, hasOutputBias: hasAttentionBias)
    return DecoderLayer(
      attention: try loader.attention(index, rotary: rotary, features),
      feedForward: try loader.dense(index, hasBias: hasBias))
  }
}
