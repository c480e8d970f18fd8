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

  /// Formats of a layer's experts, of which there should be one for each projection.
  private struct ExpertFormats {
    var gateUp: Set<ElementFormat> = []
    var down: Set<ElementFormat> = []
  }

  init(_ files: ModelFiles, _ plan: DevicePlan?) {
    let model = files.description
    denseByLayer = Array(repeating: 0, count: model.layerCount)
    var formats = Array(repeating: ExpertFormats(), count: model.layerCount)
    for tensor in files.checkpoint.tensors {
      let part = ModelPart(tensorName: tensor.name)
      let layer = Self.layer(tensor.name).flatMap { formats.indices.contains($0) ? $0 : nil }
      guard part == .experts else {
        let bytes = Self.bytes(tensor, plan)
        dense += bytes
        if let layer { denseByLayer[layer] += bytes }
        if part == .embedding { embedding += bytes }
        if part == .head { head += bytes }
        continue
      }
      guard let layer else { continue }
      if tensor.name.contains("down") || tensor.name.contains("w2") {
        formats[layer].down.insert(tensor.format)
      } else {
        formats[layer].gateUp.insert(tensor.format)
      }
    }
    var sizes: Set<[Int]> = []
    let (hidden, inner) = (model.hiddenSize, model.expertIntermediateSize)
    for (layer, kind) in formats.enumerated() where model.isSparse[layer] {
      let gateUp = Self.matrix(rows: 2 * inner, columns: hidden, kind: .gated, kind.gateUp, plan)
      let down = Self.matrix(rows: hidden, columns: inner, kind: .plain, kind.down, plan)
      experts += (gateUp + down) * model.expertCount
      sizes.insert([gateUp, down])
    }
    leastExperts = sizes.joined().reduce(0, +)
    if model.tiedEmbeddings { head = embedding }
  }

  /// The layer in a tensor's name: `model.layers.3.mlp.gate.weight`.
  private static func layer(_ name: String) -> Int? {
    let names = name.split(separator: ".")
    guard let index = names.firstIndex(of: "layers"), names.indices.contains(index + 1) else { return nil }
    return Int(names[index + 1])
  }

  private static func bytes(_ tensor: HostTensor, _ plan: DevicePlan?) -> Int {
    guard tensor.shape.count == 2 else { return tensor.elementCount * 4 }
    return matrix(rows: tensor.shape[0], columns: tensor.shape[1], kind: .plain, [tensor.format], plan)
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
