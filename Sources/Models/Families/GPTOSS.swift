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
    func parts(_ name: String, rows: Int, columns: Int) throws -> (blocks: HostTensor, scales: HostTensor) {
      guard columns.isMultiple(of: MXFP4.blockSize) else {
        throw ModelError("\(prefix).\(name): \(columns) columns, expected a multiple of \(MXFP4.blockSize) for MXFP4")
      }
      let shape = [model.expertCount, rows, columns / MXFP4.blockSize]
      return (
        try loader.byteTensor("\(prefix).\(name)_blocks", shape: shape + [MXFP4.blockSize / 2]),
        try loader.byteTensor("\(prefix).\(name)_scales", shape: shape)
      )
    }
    let gateUp = try parts("gate_up_proj", rows: 2 * inner, columns: hidden)
    let down = try parts("down_proj", rows: hidden, columns: inner)
    func decoded(_ parts: (blocks: HostTensor, scales: HostTensor), _ expert: Int, from first: Int, by step: Int)
      -> HostTensor
    {
      MXFP4.decode(
        blocks: parts.blocks.element(expert), scales: parts.scales.element(expert), from: first, by: step)
    }
    return (
      (0..<model.expertCount).map { expert in (0..<2).map { decoded(gateUp, expert, from: $0, by: 2) } },
      (0..<model.expertCount).map { [decoded(down, $0, from: 0, by: 1)] }
    )
  }
}
