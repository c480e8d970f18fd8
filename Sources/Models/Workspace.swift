package import Backend

/// The activations between the ops of a layer, shared by all layers, for up to `capacity` rows at once.
///
/// It grows when a larger batch comes, and counts the experts that its routers had loaded.
package final class Workspace<B: Backend> {
  private let backend: B
  private let model: ModelDescription
  private var buffers: Buffers?
  /// What routers that a larger one has replaced had counted.
  private var earlierLoads: [ExpertLoads]
  private var earlierRows: [[Int]]

  /// One layer's intermediate results.
  struct Buffers {
    let capacity: Int
    /// [rows, hidden]
    let normed: B.Activation
    /// [rows, queries, keys and values]
    let qkv: B.Activation
    /// [rows, query heads · value size]
    let attention: B.Activation
    let latent: LatentBuffers?
    /// [rows, experts]
    let routerLogits: B.Activation?
    /// [rows, 1]: the logit of a shared expert's gate.
    let sharedGate: B.Activation?
    let sparse: MLPBuffers?
    /// Of an expert that all rows meet.
    let dense: MLPBuffers?
  }

  /// Between the projections of latent attention.
  struct LatentBuffers {
    /// [rows, heads · query size]
    let queries: B.Activation
    /// [rows, query rank]
    let compressed: B.Activation?
    /// [rows, heads · value size]
    let values: B.Activation
  }

  /// Between the products of experts, or of the one expert that a dense layer is.
  struct MLPBuffers {
    let routing: B.Routing
    /// [rows · chosen, intermediate]
    let hidden: B.Activation
    /// [rows · chosen, hidden]
    let out: B.Activation
  }

  package init(_ backend: B, _ model: ModelDescription) {
    self.backend = backend
    self.model = model
    earlierLoads = Array(repeating: ExpertLoads(), count: model.layerCount)
    earlierRows = Self.noRows(model)
  }

  private static func noRows(_ model: ModelDescription) -> [[Int]] {
    Array(repeating: Array(repeating: 0, count: model.expertCount), count: model.layerCount)
  }

  /// Bytes that a workspace for `rows` rows takes.
  package static func byteCount(_ model: ModelDescription, rows: Int) -> Int {
    let rows = capacity(for: rows)
    var columns = model.hiddenSize + model.attention.qkvColumns + model.attention.outputColumns
    if let latent = model.latent {
      columns += latent.queryColumns + (latent.queryRank ?? 0) + latent.valueColumns
    }
    if model.isSparse.contains(true) {
      let slot = model.expertIntermediateSize + model.hiddenSize + 3
      columns += model.expertCount + model.chosenExperts * slot
    }
    if intermediateForAll(model) > 0 { columns += intermediateForAll(model) + model.hiddenSize + 4 }
    return rows * columns * 4
  }

  /// Columns of the buffers that are inputs of products, for each row.
  package static func productColumns(_ model: ModelDescription) -> [Int] {
    let sparse = model.isSparse.contains(true) ? model.chosenExperts * model.expertIntermediateSize : 0
    return [
      model.hiddenSize, model.attention.outputColumns, sparse, intermediateForAll(model), model.latent?.queryRank ?? 0,
      model.latent?.valueColumns ?? 0,
    ]
  }

  /// Elements that a row takes in the largest of the buffers.
  package static func widestColumns(_ model: ModelDescription) -> Int {
    let slot = model.isSparse.contains(true) ? max(model.hiddenSize, model.expertIntermediateSize) : 0
    return max(
      model.hiddenSize, model.attention.qkvColumns, model.attention.outputColumns, model.latent?.queryColumns ?? 0,
      model.chosenExperts * slot, intermediateForAll(model))
  }

  /// Columns between the products of an expert that all rows meet; 0 if there is none.
  private static func intermediateForAll(_ model: ModelDescription) -> Int {
    max(
      model.isSparse.contains(false) ? model.denseIntermediateSize : 0,
      model.isSparse.contains(true) ? model.sharedIntermediateSize : 0)
  }

  private static func capacity(for rows: Int) -> Int { max(16, (rows + 63) / 64 * 64) }

  /// Buffers for at least `rows` rows.
  /// - Throws: if the device cannot hold them.
  func buffers(rows: Int) throws -> Buffers {
    if let buffers, buffers.capacity >= rows { return buffers }
    earlierLoads = try expertLoads()
    earlierRows = try expertRows()
    buffers = nil  // given back before the larger ones are taken
    let capacity = Self.capacity(for: rows)
    func activation(_ columns: Int, _ label: String, rows: Int? = nil) throws -> B.Activation {
      try backend.makeActivation(rows: rows ?? capacity, columns: columns, label: "workspace.\(label)")
    }
    func mlp(experts: Int, chosen: Int, intermediate: Int, _ label: String) throws -> MLPBuffers {
      MLPBuffers(
        routing: try backend.makeRouting(
          rows: capacity, experts: experts, chosen: chosen, layers: model.layerCount,
          label: "workspace.\(label).routing"),
        hidden: try activation(intermediate, "\(label).hidden", rows: capacity * chosen),
        out: try activation(model.hiddenSize, "\(label).out", rows: capacity * chosen))
    }
    let hasSparse = model.isSparse.contains(true)
    let made = Buffers(
      capacity: capacity, normed: try activation(model.hiddenSize, "normed"),
      qkv: try activation(model.attention.qkvColumns, "qkv"),
      attention: try activation(model.attention.outputColumns, "attention"),
      latent: try model.latent.map { latent in
        LatentBuffers(
          queries: try activation(latent.queryColumns, "queries"),
          compressed: try latent.queryRank.map { try activation($0, "compressed queries") },
          values: try activation(latent.valueColumns, "values"))
      },
      routerLogits: hasSparse ? try activation(model.expertCount, "router") : nil,
      sharedGate: hasSparse && model.sharedIntermediateSize > 0 ? try activation(1, "shared gate") : nil,
      sparse: hasSparse
        ? try mlp(
          experts: model.expertCount, chosen: model.chosenExperts, intermediate: model.expertIntermediateSize, "experts"
        )
        : nil,
      dense: Self.intermediateForAll(model) > 0
        ? try mlp(experts: 1, chosen: 1, intermediate: Self.intermediateForAll(model), "mlp") : nil)
    buffers = made
    return made
  }

  /// What the last sparse layer chose for `rows`: [rows · chosen], best first.
  package func lastChoice(rows: Range<Int>) throws -> [Int32] {
    guard let sparse = buffers?.sparse else { return [] }
    return try backend.readChoice(sparse.routing, rows: rows)
  }

  /// Begins the counts anew, with a fresh router.
  package func forgetLoads() {
    buffers = nil
    earlierLoads = Array(repeating: ExpertLoads(), count: model.layerCount)
    earlierRows = Self.noRows(model)
  }

  /// Rows that each expert had since the beginning, [layers][experts]. Waits for the device.
  package func expertRows() throws -> [[Int]] {
    guard let sparse = buffers?.sparse else { return earlierRows }
    return zip(earlierRows, try backend.readExpertRows(sparse.routing)).map { zip($0, $1).map { $0 + $1 } }
  }

  /// Experts loaded since the beginning, for each layer. Waits for the device.
  package func expertLoads() throws -> [ExpertLoads] {
    guard let sparse = buffers?.sparse else { return earlierLoads }
    return zip(earlierLoads, try backend.readExpertLoads(sparse.routing)).map { earlier, now in
      var sum = earlier
      sum += now
      return sum
    }
  }
}
