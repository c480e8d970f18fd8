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

  init(_ files: ModelFiles, _ plan: DevicePlan?) {
    let model = files.description
    denseByLayer = Array(repeating: 0, count: model.layerCount)
    // By layer, whether all experts are bf16.
    var areBF16 = Array(repeating: (gateUp: true, down: true), count: model.layerCount)
    for tensor in files.checkpoint.tensors {
      // Quantised experts are widened to bf16.
      let isBF16 = tensor.format == .bf16 || tensor.format == .u8
      let part = Self.part(tensor.name)
      let layer = Self.layer(tensor.name).flatMap { areBF16.indices.contains($0) ? $0 : nil }
      guard part == .experts else {
        let bytes = Self.bytes(tensor, model, isBF16: isBF16, plan)
        dense += bytes
        if let layer { denseByLayer[layer] += bytes }
        if part == .embedding { embedding += bytes }
        if part == .head { head += bytes }
        continue
      }
      guard let layer, !isBF16 else { continue }
      let isDown = ["down", "w2", "output_linear"].contains { tensor.name.contains($0) }
      if isDown { areBF16[layer].down = false } else { areBF16[layer].gateUp = false }
    }
    var sizes: Set<[Int]> = []
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    for (layer, kind) in areBF16.enumerated() where model.isSparse[layer] {
      let gateUp = Self.matrix(rows: 2 * inner, columns: hidden, kind: .gated, isBF16: kind.gateUp, plan)
      let down = Self.matrix(rows: hidden, columns: inner, kind: .plain, isBF16: kind.down, plan)
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

  /// The layer in a tensor's name: `model.layers.3.mlp.gate.weight`.
  private static func layer(_ name: String) -> Int? {
    let names = name.split(separator: ".")
    guard let index = names.firstIndex(of: "layers"), names.indices.contains(index + 1) else { return nil }
    return Int(names[index + 1])
  }

  /// The part that a tensor counts to; biases of experts stay on the device, whatever experts do.
  private static func part(_ name: String) -> ModelPart {
    let part = ModelPart(tensorName: name)
    return part == .experts && name.hasSuffix("_bias") ? .other : part
  }

  private static func bytes(_ tensor: HostTensor, _ model: ModelDescription, isBF16: Bool, _ plan: DevicePlan?) -> Int {
    let shape = tensor.shape
    guard shape.count == 2, !tensor.name.hasSuffix("_bias") else { return shape.reduce(1, *) * 4 }
    if let latent = model.latent, tensor.name.contains("kv_b_proj") {
      let keys = matrix(rows: latent.rank, columns: latent.plainSize, kind: .plain, isBF16: isBF16, plan)
      let values = matrix(rows: latent.valueSize, columns: latent.rank, kind: .plain, isBF16: isBF16, plan)
      return latent.heads * (keys + values)
    }
    return matrix(rows: shape[0], columns: shape[1], kind: .plain, isBF16: isBF16, plan)
  }

  private static func matrix(
    rows: Int, columns: Int, kind: MatrixSource.Kind, isBF16: Bool, _ plan: DevicePlan?
  ) -> Int {
    plan.map { OpenCLBackend.byteCount(rows: rows, columns: columns, kind: kind, isBF16: isBF16, plan: $0) }
      ?? rows * columns * (isBF16 ? 2 : 4)
  }
}
