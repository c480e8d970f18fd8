import Backend
import Engine
import OpenCL
import OpenCLBackend
import Simulation

/// Layers of a model's shape with random weights on a device, for measuring how long a layer takes.
///
/// Of the dense parts and of the experts there are as many copies as it takes for a row of layers to find none of its
/// weights in the device's cache, but no more than the model has layers.
final class LayerBench {
  typealias B = OpenCLBackend

  struct Dense {
    let qkv: B.Matrix
    let output: B.Matrix
    let router: B.Matrix
  }

  let backend: B
  let model: ModelShape
  let attention: AttentionShape
  let norm: B.Vector
  let rotary: B.Vector
  let dense: [Dense]
  let experts: [B.Experts]
  let head: B.Matrix

  /// - Parameter positions: of a sequence, at most.
  /// - Throws: `ProfilingError` if the device has too little memory, and what the backend throws.
  init(_ backend: B, model: ModelShape, positions: Int) throws {
    guard model.latent == nil else {
      throw ProfilingError(
        "\(model.name): latent attention cannot be calibrated, expected a model without kv_lora_rank")
    }
    self.backend = backend
    self.model = model
    let shape = AttentionShape(
      queryHeads: model.queryHeads, keyValueHeads: model.keyValueHeads, headSize: model.headSize,
      scale: 1 / Float(model.headSize).squareRoot())
    attention = shape
    let denseBytes = model.denseElements * model.weightBytes
    let denseCount = try WeightCopies.count(of: denseBytes, model, backend.device)
    let expertCount = try WeightCopies.count(
      of: Double(model.experts) * model.expertBytes,
      besides: Double(denseCount) * denseBytes + model.headElements * model.weightBytes, model, backend.device)
    let hidden = model.hiddenSize
    let largest =
      max(
        model.vocabularySize, shape.qkvColumns, model.experts, 2 * model.expertIntermediateSize) * hidden
    let weights = RandomWeights(elements: largest)
    norm = try backend.loadVector(Array(repeating: 1, count: hidden), label: "norm")
    rotary = try backend.loadVector(Array(repeating: 0.7, count: positions * model.headSize), label: "rotary")
    dense = try (0..<denseCount).map { _ in
      Dense(
        qkv: try backend.loadMatrix(weights.matrix("qkv", rows: shape.qkvColumns, columns: hidden)),
        output: try backend.loadMatrix(weights.matrix("output", rows: hidden, columns: shape.queryColumns)),
        router: try backend.loadMatrix(weights.matrix("router", rows: model.experts, columns: hidden)))
    }
    experts = try (0..<expertCount).map { try backend.loadExperts(weights.experts(of: model, layer: $0)) }
    head = try backend.loadMatrix(weights.matrix("head", rows: model.vocabularySize, columns: hidden))
  }
}
