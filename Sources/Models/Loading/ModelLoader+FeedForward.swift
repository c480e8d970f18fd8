import Backend
import Checkpoints

/// What a family calls the experts of a layer and their projections.
struct ExpertNames {
  /// What all names begin with: `model.layers.0.mlp.experts`.
  var prefix: String
  var gate = "gate_proj"
  var up = "up_proj"
  var down = "down_proj"
  /// The tensors of all experts, [experts, 2 · intermediate, hidden] and [experts, hidden, intermediate].
  var stackedGateUp = "gate_up_proj"
  var stackedDown = "down_proj"
}

extension ModelLoader {
  /// The norm before a layer's feed-forward half.
  mutating func feedForwardNorm(_ index: Int) throws -> B.Vector {
    try vector("model.layers.\(index).post_attention_layernorm.weight", count: model.hiddenSize)
  }

  /// A dense layer's feed-forward half.
  mutating func dense(_ index: Int, hasBias: Bool = false) throws -> FeedForwardBlock<B> {
    FeedForwardBlock(
      norm: try feedForwardNorm(index), epsilon: configuration.epsilon, router: nil,
      experts: try denseExpert(
        index, prefix: "model.layers.\(index).mlp", intermediate: model.denseIntermediateSize, hasBias: hasBias),
      shared: nil)
  }

  /// A router and its experts.
  mutating func sparse(
    _ index: Int, router: String, names: ExpertNames, rule: RouterRule
  ) throws -> FeedForwardBlock<B> {
    FeedForwardBlock(
      norm: try feedForwardNorm(index), epsilon: configuration.epsilon,
      router: FeedForwardBlock.Router(weight: try routerWeight(index, router), rule: rule),
      experts: try experts(index, names), shared: nil)
  }

  mutating func routerWeight(_ index: Int, _ name: String) throws -> B.Matrix {
    try matrix("layers.\(index).router", [(name, model.expertCount)], columns: model.hiddenSize)
  }

  /// The experts of a layer, one by one or stacked.
  mutating func experts(_ index: Int, _ names: ExpertNames) throws -> B.Experts {
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    var gateUps: [[HostTensor]] = []
    var downs: [[HostTensor]] = []
    let stacked = "\(names.prefix).\(names.stackedGateUp)"
    if checkpoint.contains(stacked) {
      let gateUp = try tensor(stacked, shape: [model.expertCount, 2 * inner, hidden])
      let down = try tensor("\(names.prefix).\(names.stackedDown)", shape: [model.expertCount, hidden, inner])
      gateUps = (0..<model.expertCount).map { [gateUp.element($0)] }
      downs = (0..<model.expertCount).map { [down.element($0)] }
    } else {
      for expert in 0..<model.expertCount {
        let own = "\(names.prefix).\(expert)."
        gateUps.append([
          try tensor("\(own)\(names.gate).weight", shape: [inner, hidden]),
          try tensor("\(own)\(names.up).weight", shape: [inner, hidden]),
        ])
        downs.append([try tensor("\(own)\(names.down).weight", shape: [hidden, inner])])
      }
    }
    return try loadExperts(index, gateUps, downs, isDense: false)
  }

  /// An expert that all rows meet: of a dense layer, or beside those behind a router.
  mutating func denseExpert(
    _ index: Int, prefix: String, intermediate: Int, hasBias: Bool = false
  ) throws -> B.Experts {
    let hidden = model.hiddenSize
    let gateUp = try ["gate_proj", "up_proj"].map {
      try tensor("\(prefix).\($0).weight", shape: [intermediate, hidden])
    }
    let down = try tensor("\(prefix).down_proj.weight", shape: [hidden, intermediate])
    var biases: ExpertBiases?
    if hasBias {
      biases = ExpertBiases(
        gateUp: try ["gate_proj", "up_proj"].flatMap { try values("\(prefix).\($0).bias", shape: [intermediate]) },
        down: try values("\(prefix).down_proj.bias", shape: [hidden]))
    }
    return try loadExperts(index, [gateUp], [[down]], isDense: true, biases: biases)
  }

  func loadExperts(
    _ index: Int, _ gateUps: [[HostTensor]], _ downs: [[HostTensor]], isDense: Bool,
    activation: ExpertActivation = .swiglu, biases: ExpertBiases? = nil
  ) throws -> B.Experts {
    let label = "layers.\(index).experts"
    return try backend.loadExperts(
      ExpertsSource(
        layer: index, gateUp: MatrixSource(label: "\(label).gate_up", kind: .gated, parts: gateUps),
        down: MatrixSource(label: "\(label).down", parts: downs), isDense: isDense, activation: activation,
        biases: biases))
  }
}
