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
      let isBF16 = tensor.format == .bf16
      let part = ModelPart(tensorName: tensor.name)
      let layer = Self.layer(tensor.name).flatMap { areBF16.indices.contains($0) ? $0 : nil }
      guard part == .experts else {
        let bytes = Self.bytes(tensor.shape, isBF16: isBF16, plan)
        dense += bytes
        if let layer { denseByLayer[layer] += bytes }
        if part == .embedding { embedding += bytes }
        if part == .head { head += bytes }
        continue
      }
      guard let layer, !isBF16 else { continue }
      if tensor.name.contains("down") { areBF16[layer].down = false } else { areBF16[layer].gateUp = false }
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

  private static func bytes(_ shape: [Int], isBF16: Bool, _ plan: DevicePlan?) -> Int {
    guard shape.count == 2 else { return shape.reduce(1, *) * 4 }
    return matrix(rows: shape[0], columns: shape[1], kind: .plain, isBF16: isBF16, plan)
  }

  private static func matrix(
    rows: Int, columns: Int, kind: MatrixSource.Kind, isBF16: Bool, _ plan: DevicePlan?
  ) -> Int {
    plan.map { OpenCLBackend.byteCount(rows: rows, columns: columns, kind: kind, isBF16: isBF16, plan: $0) }
      ?? rows * columns * (isBF16 ? 2 : 4)
  }
}
