import Backend
import Checkpoints

/// Qwen3 without experts (Qwen Team 2025): grouped-query attention with QK-norm and a SwiGLU network.
struct Qwen3: ModelFamily {
  static let architectures = ["Qwen3ForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasBias: Bool

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture, headSize: 128)
    try configuration.setDense(json)
    let slides = try json.bool("use_sliding_window", default: false) && json.has("sliding_window")
    let first = try json.int("max_window_layers", default: 28)
    try configuration.setWindows(json) { slides && $0 >= first }
    self.configuration = configuration
    hasBias = try json.bool("attention_bias", default: false)
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let features = AttentionFeatures(norm: .head, hasQKVBias: hasBias, hasOutputBias: hasBias)
    return DecoderLayer(
      attention: try loader.attention(index, rotary: rotary, features), feedForward: try loader.dense(index))
  }
}
