import Backend
import Models
import Scheduling

/// What passes move between device memory and compute, from sizes alone: weights once a pass, the keys and values that a
/// run of rows looks back on once a run, activations once for each op that writes or reads them. A lower bound of what a
/// device does, and the same for all of them.
struct MemoryTraffic {
  private let model: ModelDescription
  private let weights: WeightSizes
  private(set) var outside = Ledger.Entry()
  private(set) var layers: [Ledger.Entry]

  init(_ model: ModelDescription, _ weights: WeightSizes) {
    self.model = model
    self.weights = weights
    layers = Array(repeating: Ledger.Entry(), count: model.layerCount)
  }

  private static let valueBytes = 4.0

  /// One position's keys and values of a layer, in f32.
  private var positionBytes: Double {
    Double(model.attention.cacheColumns) * Self.valueBytes
  }

  /// A layer's pass over these parts together.
  mutating func pass(_ layer: Int, _ parts: [BatchPart]) {
    let isPrefill = parts.contains { !$0.isDecode }
    layers[layer].add(Double(weights.denseByLayer[layer]), .dense, isPrefill: isPrefill)
    for part in parts {
      let rows = Double(part.rows.count)
      let shape = model.attention(ofLayer: layer)
      let seen = part.runs.reduce(0) {
        $0 + $1.positions.upperBound - shape.firstVisible(from: $1.positions.lowerBound)
      }
      layers[layer].add((Double(seen) + rows) * positionBytes, .keyValue, isPrefill: !part.isDecode)
      layers[layer].add(rows * activationColumns(layer) * Self.valueBytes, .activation, isPrefill: !part.isDecode)
    }
  }

  /// Values of a row that the ops of a layer read or write.
  private func activationColumns(_ layer: Int) -> Double {
    let shape = model.attention
    let hidden = Double(model.hiddenSize)
    let (qkv, queries, results) = (Double(shape.qkvColumns), Double(shape.queryColumns), Double(shape.outputColumns))
    // Norm, projections, heads, attention, output with the residual.
    var attention = 2 * hidden + (hidden + qkv) + 2 * qkv + (queries + results) + (results + 2 * hidden)
    if let latent = model.latent {
      // Written and read once more on the way in and out, by way of the compressed queries.
      attention += 2 * Double(latent.queryColumns + latent.valueColumns) + 4 * Double(latent.queryRank ?? 0)
    }
    let isSparse = model.isSparse[layer]
    let chosen = isSparse ? Double(model.chosenExperts) : 1
    let inner = Double(isSparse ? model.expertIntermediateSize : model.denseIntermediateSize)
    let router = isSparse ? hidden + 2 * Double(model.expertCount) : 0
    let shared = isSparse ? Double(model.sharedIntermediateSize) : 0
    let besides = shared > 0 ? 2 * shared + 5 * hidden : 0
    // Norm, router, both products of each expert, their sum with the residual.
    return attention + 2 * hidden + router + chosen * (hidden + inner + inner + hidden) + chosen * hidden + 2 * hidden
      + besides
  }

  /// Rows that get their embeddings.
  mutating func embed(_ rows: Int, isPrefill: Bool) {
    outside.add(
      Double(rows)
        * (Double(weights.embedding) / Double(max(model.vocabularySize, 1)) + Double(model.hiddenSize) * Self.valueBytes),
      .dense, isPrefill: isPrefill)
  }

  /// Rows whose logits are computed together.
  mutating func head(_ rows: Int, isPrefill: Bool) {
    outside.add(Double(weights.head), .dense, isPrefill: isPrefill)
    outside.add(
      Double(rows * (4 * model.hiddenSize + model.vocabularySize)) * Self.valueBytes, .activation, isPrefill: isPrefill)
  }

  /// Rows that are copied to or from the carry.
  mutating func carry(_ rows: Int) {
    outside.add(2 * Double(rows * model.hiddenSize) * Self.valueBytes, .carry, isPrefill: true)
  }
}
