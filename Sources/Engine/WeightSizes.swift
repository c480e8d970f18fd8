import Backend
import Checkpoints
import Models
import OpenCLBackend

/// What a checkpoint's weights take in a device's layouts. Weights that lie in one matrix are counted apart, each with its own
/// padding: a little too much, never too little.
struct WeightSizes {
  var dense = 0
  /// Of `dense`, what each layer has, the embedding, and the head, which may be the same.
  var denseByLayer: [Int]
  var embedding = 0
  var head = 0
  var experts = 0
  var leastExperts = 0
  /// Of each layer with experts: its number, one expert's projections, and all its experts' bytes.
  private var expertLayers: [(layer: Int, expert: [Int], bytes: Int)] = []

  /// Formats of a layer's experts, of which there should be one for each projection.
  private struct ExpertFormats {
    var gateUp: Set<ElementFormat> = []
    var down: Set<ElementFormat> = []
  }

  init(_ files: ModelFiles, _ plan: DevicePlan?) {
    let model = files.description
    denseByLayer = Array(repeating: 0, count: model.layerCount)
    var formats = Array(repeating: ExpertFormats(), count: model.layerCount)
    var roles = TensorRoles()
    for tensor in files.checkpoint.tensors {
      let (part, isDown, layerNumber) = roles.role(of: tensor.name)
      let layer = layerNumber.flatMap { formats.indices.contains($0) ? $0 : nil }
      guard part == .experts else {
        let bytes = Self.bytes(tensor, model, plan)
        dense += bytes
        if let layer { denseByLayer[layer] += bytes }
        if part == .embedding { embedding += bytes }
        if part == .head { head += bytes }
        continue
      }
      guard let layer else { continue }
      // Scales lie with their blocks.
      guard !tensor.name.hasSuffix("_scales") else { continue }
      let format = tensor.name.hasSuffix("_blocks") ? ElementFormat.mxfp4 : tensor.format
      if isDown { formats[layer].down.insert(format) } else { formats[layer].gateUp.insert(format) }
    }
    var sizes: Set<[Int]> = []
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    for (layer, kind) in formats.enumerated() where model.isSparse[layer] {
      let gateUp = Self.matrix(rows: 2 * inner, columns: hidden, kind: .gated, kind.gateUp, plan)
      let down = Self.matrix(rows: hidden, columns: inner, kind: .plain, kind.down, plan)
      expertLayers.append((layer, [gateUp, down], (gateUp + down) * model.expertCount))
      sizes.insert([gateUp, down])
    }
    experts = expertLayers.reduce(0) { $0 + $1.bytes }
    leastExperts = sizes.joined().reduce(0, +)
    if model.tiedEmbeddings { head = embedding }
  }

  /// Of the experts, what is of use on the device if the first layers keep none there: of those, room for two to pass.
  func usefulExperts(hostLayers: Int) -> Int {
    Dictionary(grouping: expertLayers, by: \.expert).values.reduce(0) { sum, own in
      let passing = own.count { $0.layer < hostLayers }
      return sum + (own.count - passing + min(passing, 2)) * own[0].bytes
    }
  }

  private static func bytes(_ tensor: HostTensor, _ model: ModelDescription, _ plan: DevicePlan?) -> Int {
    let shape = tensor.shape
    if shape.count == 3, tensor.name.contains("_b_proj") {
      return shape[0] * matrix(rows: shape[1], columns: shape[2], kind: .plain, [tensor.format], plan)
    }
    guard shape.count == 2, !tensor.name.hasSuffix("_bias") else { return shape.reduce(1, *) * 4 }
    if let latent = model.latent, tensor.name.contains("kv_b_proj") {
      let keys = matrix(rows: latent.rank, columns: latent.plainSize, kind: .plain, [tensor.format], plan)
      let values = matrix(rows: latent.valueSize, columns: latent.rank, kind: .plain, [tensor.format], plan)
      return latent.heads * (keys + values)
    }
    return matrix(rows: shape[0], columns: shape[1], kind: .plain, [tensor.format], plan)
  }

  /// A matrix whose tensors have these formats; of several it is made f32.
  private static func matrix(
    rows: Int, columns: Int, kind: MatrixSource.Kind, _ formats: Set<ElementFormat>, _ plan: DevicePlan?
  ) -> Int {
    let only = formats.count == 1 ? formats.first ?? .f32 : .f32
    let format = only.isWeight && columns % only.blockElements == 0 ? only : .f32
    return plan.map { OpenCLBackend.byteCount(rows: rows, columns: columns, kind: kind, format: format, plan: $0) }
      ?? rows * format.rowBytes(columns)
  }
}
