import Backend
import Checkpoints

/// GPT-OSS (OpenAI 2025): attention with sinks, with a window in every second layer, biases everywhere, and experts with a
/// clamped SwiGLU whose rows of gate and up projection take turns.
struct GPTOSS: ModelFamily {
  static let architectures = ["GptOssForCausalLM"]

  let configuration: DecoderConfiguration
  private let hasBias: Bool
  private let activation: ExpertActivation

  init(_ json: JSONObject, architecture: String) throws {
    var configuration = try DecoderConfiguration(
      json, architecture: architecture, headSize: 64, epsilon: 1e-5, theta: 150_000, quantisation: "mxfp4")
    try configuration.setExperts(json, intermediate: "intermediate_size")
    let slides = json.has("sliding_window")
    try configuration.setWindows(json) { slides && $0.isMultiple(of: 2) }
    self.configuration = configuration
    hasBias = try json.bool("attention_bias", default: true)
    activation = .clampedSwiGLU(
      alpha: Float(try json.double("swiglu_alpha", default: 1.702, in: -1e3...1e3)),
      limit: Float(try json.double("swiglu_limit", default: 7, in: 0...1e30)))
  }

  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B> {
    let model = configuration.description
    let prefix = "model.layers.\(index).mlp"
    return DecoderLayer(
      attention: try loader.attention(
        index, rotary: rotary, AttentionFeatures(hasQKVBias: hasBias, hasOutputBias: hasBias, hasSinks: true)),
      feedForward: FeedForwardBlock(
        norm: try loader.feedForwardNorm(index), epsilon: configuration.epsilon,
        router: FeedForwardBlock.Router(
          weight: try loader.routerWeight(index, "\(prefix).router.weight"),
          bias: try loader.vector("\(prefix).router.bias", count: model.expertCount),
          rule: RouterRule(scoring: .chosenSoftmax, renormalise: false)),
        experts: try experts(index, "\(prefix).experts", &loader)))
  }

  private func experts<B: Backend>(
    _ index: Int, _ prefix: String, _ loader: inout ModelLoader<B>
  ) throws -> B.Experts {
    let model = configuration.description
    let (experts, inner) = (model.expertCount, model.expertIntermediateSize)
    if loader.checkpoint.contains("\(prefix).0.gate_proj.weight") {
      return try singleExperts(index, prefix, &loader)
    }
    let (gates, downs) =
      loader.checkpoint.contains("\(prefix).gate_up_proj_blocks")
      ? try quantisedProjections(prefix, &loader) : try projections(prefix, &loader)
    let bias = try loader.values("\(prefix).gate_up_proj_bias", shape: [experts, 2 * inner])
    let ordered = (0..<experts).flatMap { expert in
      (0..<2).flatMap { part in (0..<inner).map { bias[(expert * inner + $0) * 2 + part] } }
    }
    let biases = ExpertBiases(
      gateUp: ordered, down: try loader.values("\(prefix).down_proj_bias", shape: [experts, model.hiddenSize]))
    return try loader.loadExperts(index, gates, downs, isDense: false, activation: activation, biases: biases)
  }

  /// Stacked projections [experts, inputs, outputs].
  private func projections<B: Backend>(
    _ prefix: String, _ loader: inout ModelLoader<B>
  ) throws -> (gateUp: [[HostTensor]], down: [[HostTensor]]) {
    let model = configuration.description
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    let gateUp = try loader.tensor("\(prefix).gate_up_proj", shape: [model.expertCount, hidden, 2 * inner])
    let down = try loader.tensor("\(prefix).down_proj", shape: [model.expertCount, inner, hidden])
    return (
      (0..<model.expertCount).map { expert in
        (0..<2).map { gateUp.element(expert).transposed(from: $0, by: 2) }
      },
      (0..<model.expertCount).map { [down.element($0).transposed()] }
    )
  }

  /// Blocks and scales of MXFP4, [experts, outputs, inputs / 32, …].
  private func quantisedProjections<B: Backend>(
    _ prefix: String, _ loader: inout ModelLoader<B>
  ) throws -> (gateUp: [[HostTensor]], down: [[HostTensor]]) {
    let model = configuration.description
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    let gateUp = try loader.scaledBlocks(
      "\(prefix).gate_up_proj", shape: [model.expertCount, 2 * inner, hidden],
      rowOrder: .interleavedHalves(headRows: 2 * inner))
    let down = try loader.scaledBlocks("\(prefix).down_proj", shape: [model.expertCount, hidden, inner])
    return (gateUp.map { [$0] }, down.map { [$0] })
  }

  /// Projections one by one, as they come from GGUF files, where gate and up are apart.
  private func singleExperts<B: Backend>(
    _ index: Int, _ prefix: String, _ loader: inout ModelLoader<B>
  ) throws -> B.Experts {
    let model = configuration.description
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    var (gateUps, downs): ([[HostTensor]], [[HostTensor]]) = ([], [])
    var biases: (gateUp: [Float], down: [Float]) = ([], [])
    for expert in 0..<model.expertCount {
      let own = "\(prefix).\(expert)."
      let names = ["gate_proj", "up_proj"].map { own + $0 }
      gateUps.append(try names.map { try loader.tensor("\($0).weight", shape: [inner, hidden]) })
      downs.append([try loader.tensor("\(own)down_proj.weight", shape: [hidden, inner])])
      biases.gateUp += try names.flatMap { try loader.values("\($0).bias", shape: [inner]) }
      biases.down += try loader.values("\(own)down_proj.bias", shape: [hidden])
    }
    return try loader.loadExperts(
      index, gateUps, downs, isDense: false, activation: activation,
      biases: ExpertBiases(gateUp: biases.gateUp, down: biases.down))
  }
}
