package import Backend

/// A device, some of whose ops the reference computes.
///
/// What ops work on lies on the device. An op that goes to the reference gets a copy of the rows that it reads, and its
/// results are written back, so that each op sees the same whoever computed those before. Weights, batches and the choice of
/// experts are known to both. Keys and values are the reference's alone where attention is.
package final class FilteredBackend<Device: Backend>: Backend {
  let device: Device
  let reference: ReferenceBackend
  private let families: Set<OpFamily>

  package init(_ device: Device, _ filter: OpFilter) {
    reference = ReferenceBackend(activations: device.activations)
    self.device = device
    families = Set(filter.families)
  }

  func isFiltered(_ family: OpFamily) -> Bool { families.contains(family) }

  package var name: String { device.name }
  package var activations: ActivationPrecision { device.activations }

  package final class Vector {
    let device: Device.Vector
    let reference: ReferenceBackend.Vector

    init(_ device: Device.Vector, _ reference: ReferenceBackend.Vector) {
      self.device = device
      self.reference = reference
    }
  }

  package final class Matrix {
    let device: Device.Matrix
    let reference: ReferenceBackend.Matrix

    init(_ device: Device.Matrix, _ reference: ReferenceBackend.Matrix) {
      self.device = device
      self.reference = reference
    }
  }

  package final class Experts {
    let device: Device.Experts
    let reference: ReferenceBackend.Experts

    init(_ device: Device.Experts, _ reference: ReferenceBackend.Experts) {
      self.device = device
      self.reference = reference
    }
  }

  package final class Activation {
    let device: Device.Activation
    let columns: Int

    init(_ device: Device.Activation, columns: Int) {
      self.device = device
      self.columns = columns
    }
  }

  package final class KVCache {
    let device: Device.KVCache
    /// Nil where attention is the device's.
    let reference: ReferenceBackend.KVCache?

    init(_ device: Device.KVCache, _ reference: ReferenceBackend.KVCache?) {
      self.device = device
      self.reference = reference
    }
  }

  package final class Batch {
    let device: Device.Batch
    let reference: ReferenceBackend.Batch

    init(_ device: Device.Batch, _ reference: ReferenceBackend.Batch) {
      self.device = device
      self.reference = reference
    }
  }

  package final class Routing {
    let device: Device.Routing
    let reference: ReferenceBackend.Routing

    init(_ device: Device.Routing, _ reference: ReferenceBackend.Routing) {
      self.device = device
      self.reference = reference
    }
  }

  // MARK: Memory

  package func makeActivation(rows: Int, columns: Int, label: String) throws -> Activation {
    Activation(try device.makeActivation(rows: rows, columns: columns, label: label), columns: columns)
  }

  package func makeKVCache(_ shape: KVCacheShape, label: String) throws -> KVCache {
    KVCache(
      try device.makeKVCache(shape, label: label),
      isFiltered(.attention) ? reference.makeKVCache(shape, label: label) : nil)
  }

  package func makeRouting(rows: Int, experts: Int, chosen: Int, layers: Int, label: String) throws -> Routing {
    Routing(
      try device.makeRouting(rows: rows, experts: experts, chosen: chosen, layers: layers, label: label),
      reference.makeRouting(rows: rows, experts: experts, chosen: chosen, layers: layers, label: label))
  }

  package func loadVector(_ values: [Float], label: String) throws -> Vector {
    Vector(try device.loadVector(values, label: label), reference.loadVector(values, label: label))
  }

  package func loadMatrix(_ source: MatrixSource) throws -> Matrix {
    Matrix(try device.loadMatrix(source), reference.loadMatrix(source))
  }

  package func loadExperts(_ source: ExpertsSource) throws -> Experts {
    Experts(try device.loadExperts(source), reference.loadExperts(source))
  }

  package func settleExperts() throws { try device.settleExperts() }
  package func finishLoading() throws { try device.finishLoading() }
  package func abandon() { device.abandon() }
  package var allocatedBytes: (live: Int, peak: Int)? { device.allocatedBytes }
  package func expect(_ forecast: IterationForecast) { device.expect(forecast) }
  package var expertTransfers: ExpertTransfers { device.expertTransfers }
  package func byteCount(ofExpert experts: Experts) -> Int { device.byteCount(ofExpert: experts.device) }

  package func prepare(_ layout: BatchLayout, vocabulary: Int, cache: KVCacheShape) throws -> Batch {
    Batch(
      try device.prepare(layout, vocabulary: vocabulary, cache: cache),
      try reference.prepare(layout, vocabulary: vocabulary, cache: cache))
  }

  package func cutting<Result>(
    _ cut: ProductCut, _ formats: Set<ElementFormat>, _ body: () throws -> Result
  ) throws -> Result? { try device.cutting(cut, formats, body) }

  // MARK: Copies for the reference

  /// The first `rows` rows of an activation, for the reference to work on.
  func lent(_ x: Activation, rows: Int) throws -> ReferenceBackend.Activation {
    let copy = reference.makeActivation(rows: rows, columns: x.columns, label: "copy")
    reference.write(try device.read(x.device, rows: 0..<rows), to: copy, at: 0)
    return copy
  }

  /// Writes `rows` of what the reference worked on back.
  func giveBack(_ copy: ReferenceBackend.Activation, rows: Range<Int>, to x: Activation) throws {
    guard !rows.isEmpty else { return }
    try device.write(reference.read(copy, rows: rows), to: x.device, at: rows.lowerBound)
  }

  // MARK: Values in and out

  package func write(_ values: [Float], to x: Activation, at row: Int) throws {
    try device.write(values, to: x.device, at: row)
  }

  package func read(_ x: Activation, rows: Range<Int>) throws -> [Float] { try device.read(x.device, rows: rows) }

  package func readChoice(_ routing: Routing, rows: Range<Int>) throws -> [Int32] {
    try device.readChoice(routing.device, rows: rows)
  }

  package func readWeights(_ routing: Routing, rows: Range<Int>) throws -> [Float] {
    try device.readWeights(routing.device, rows: rows)
  }

  /// Whoever computes the experts counts them.
  package func readExpertLoads(_ routing: Routing) throws -> [ExpertLoads] {
    isFiltered(.experts)
      ? reference.readExpertLoads(routing.reference) : try device.readExpertLoads(routing.device)
  }

  package func readExpertRows(_ routing: Routing) throws -> [[Int]] {
    isFiltered(.experts) ? reference.readExpertRows(routing.reference) : try device.readExpertRows(routing.device)
  }
}
