package import Backend

/// The ops in plain Swift on the CPU, one thread, accumulating in Double: what every kernel is judged by.
///
/// Weights are read where they are, in the mapped checkpoint; nothing is repacked. Each op family is one file.
package final class ReferenceBackend: Backend {
  package var name: String { "reference (plain Swift, one thread)" }

  package let activations: ActivationPrecision

  /// - Parameter activations: what products take them as.
  package init(activations: ActivationPrecision = .float32) { self.activations = activations }

  package final class Vector {
    let values: [Float]
    init(_ values: [Float]) { self.values = values }
  }

  package final class Matrix {
    let source: MatrixSource
    init(_ source: MatrixSource) { self.source = source }
  }

  /// f32 [rows, columns], poisoned with NaN until it is written.
  package final class Activation {
    let rows: Int
    let columns: Int
    let values: UnsafeMutableBufferPointer<Float>

    init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
      values = .allocate(capacity: max(rows * columns, 1))
      values.initialize(repeating: .nan)
    }

    deinit { values.deallocate() }

    /// Row `index`, as a window of `values`.
    func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: values[index * columns..<(index + 1) * columns])
    }
  }

  /// Keys and values, each [block, head, slot, headSize]; where the values are a part of the keys both are the same.
  package final class KVCache {
    let shape: KVCacheShape
    let keys: UnsafeMutableBufferPointer<Float>
    let values: UnsafeMutableBufferPointer<Float>

    init(_ shape: KVCacheShape) {
      self.shape = shape
      keys = .allocate(capacity: max(shape.elementCount, 1))
      keys.initialize(repeating: .nan)
      guard shape.hasValues else {
        values = keys
        return
      }
      values = .allocate(capacity: max(shape.elementCount, 1))
      values.initialize(repeating: .nan)
    }

    deinit {
      keys.deallocate()
      if shape.hasValues { values.deallocate() }
    }

    /// Where the vector of `head` at `position` of a sequence with `blocks` begins.
    func offset(head: Int, position: Int, blocks: [Int32]) -> Int {
      let block = Int(blocks[position / shape.blockSize])
      return ((block * shape.heads + head) * shape.blockSize + position % shape.blockSize) * shape.headSize
    }
  }

  package final class Batch {
    let layout: BatchLayout
    let positions: [Int32]

    init(_ layout: BatchLayout) {
      self.layout = layout
      positions = layout.positions
    }
  }

  package final class Routing {
    let experts: Int
    let chosen: Int
    /// [rows · chosen], best first.
    var indices: [Int32]
    var weights: [Float]
    /// For each expert its slots (row · chosen + j), ascending.
    var slots: [[Int]]
    /// Where the coming use is counted; nil for none.
    var counted: RouterOptions?
    var loads: [ExpertLoads]
    /// [layers][experts]
    var uses: [[Int]]

    init(rows: Int, experts: Int, chosen: Int, layers: Int) {
      self.experts = experts
      self.chosen = chosen
      indices = Array(repeating: -1, count: rows * chosen)
      weights = Array(repeating: .nan, count: rows * chosen)
      slots = Array(repeating: [], count: experts)
      loads = Array(repeating: ExpertLoads(), count: layers)
      uses = Array(repeating: Array(repeating: 0, count: experts), count: layers)
    }
  }

  // MARK: Memory

  package func makeActivation(rows: Int, columns: Int, label: String) -> Activation {
    Activation(rows: rows, columns: columns)
  }

  package func makeKVCache(_ shape: KVCacheShape, label: String) -> KVCache { KVCache(shape) }

  package func makeRouting(rows: Int, experts: Int, chosen: Int, layers: Int, label: String) -> Routing {
    Routing(rows: rows, experts: experts, chosen: chosen, layers: layers)
  }

  package func loadVector(_ values: [Float], label: String) -> Vector { Vector(values) }

  package func loadMatrix(_ source: MatrixSource) -> Matrix { Matrix(source) }

  package typealias Experts = ExpertsSource

  package func loadExperts(_ source: ExpertsSource) -> ExpertsSource { source }

  package func byteCount(ofExpert experts: ExpertsSource) -> Int {
    let parts = [experts.gateUp, experts.down].flatMap(\.parts).joined()
    return parts.reduce(0) { $0 + $1.storedBytes } / experts.expertCount
  }

  package func prepare(
    _ layout: BatchLayout, vocabulary: Int, cache: KVCacheShape
  ) throws(BackendError) -> Batch {
    try layout.validate(vocabulary: vocabulary, cache: cache)
    return Batch(layout)
  }

  // MARK: Moving rows

  package func copyRows(_ source: Activation, rows: Range<Int>, to destination: Activation, at start: Int) {
    for (offset, row) in rows.enumerated() {
      _ = destination.row(start + offset).update(fromContentsOf: source.row(row))
    }
  }

  package func gatherRows(_ x: Activation, indices: [Int], into out: Activation) {
    for (row, index) in indices.enumerated() { _ = out.row(row).update(fromContentsOf: x.row(index)) }
  }

  // MARK: Values in and out

  package func write(_ values: [Float], to x: Activation, at row: Int) {
    for (index, value) in values.enumerated() { x.values[row * x.columns + index] = value }
  }

  package func read(_ x: Activation, rows: Range<Int>) -> [Float] {
    Array(x.values[rows.lowerBound * x.columns..<rows.upperBound * x.columns])
  }

  package func readChoice(_ routing: Routing, rows: Range<Int>) -> [Int32] {
    Array(routing.indices[rows.lowerBound * routing.chosen..<rows.upperBound * routing.chosen])
  }

  package func readWeights(_ routing: Routing, rows: Range<Int>) -> [Float] {
    Array(routing.weights[rows.lowerBound * routing.chosen..<rows.upperBound * routing.chosen])
  }

  package func readExpertLoads(_ routing: Routing) -> [ExpertLoads] { routing.loads }

  package func readExpertRows(_ routing: Routing) -> [[Int]] { routing.uses }
}
