import Backend
import Checkpoints

/// Mixtral (Jiang et al. 2024): Mistral's attention, and experts whose projections are called w1 (gate), w3 (up) and w2.
struct Mixtral: ModelFamily {
  static let architectures = ["MixtralForCausalLM"]

  let configuration: DecoderConfiguration

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(json, architecture: architecture, epsilon: 1e-5, theta: 1e6)
    try configuration.setExperts(json, intermediate: "intermediate_size")
    let slides = json.has("sliding_window")
    try configuration.setWindows(json) { _ in slides }
    self.configuration = configuration
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let candidates = ["block_sparse_moe", "mlp"].map { "model.layers.\(index).\($0)" }
    let prefix = candidates.first { loader.checkpoint.contains("\($0).gate.weight") } ?? candidates[0]
    return DecoderLayer(
      attention: try loader.attention(index, rotary: rotary),
      feedForward: try loader.sparse(
        index, router: "\(prefix).gate.weight",
        names: ExpertNames(prefix: "\(prefix).experts", gate: "w1", up: "w3", down: "w2"),
        rule: RouterRule(renormalise: true)))
  }
}
