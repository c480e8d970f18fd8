import Backend
import Checkpoints

/// Brings a checkpoint's tensors to a backend, in its layouts, and tells how far it is.
struct ModelLoader<B: Backend> {
  let backend: B
  let checkpoint: Checkpoint
  private let progress: LoadProgress
  private var done = 0

  init(_ backend: B, _ checkpoint: Checkpoint, progress: @escaping LoadProgress) {
    self.backend = backend
    self.checkpoint = checkpoint
    self.progress = progress
  }

  /// f32 [count].
  mutating func vector(_ name: String, count: Int) throws -> B.Vector {
    let tensor = try checkpoint.weight(name, shape: [count])
    defer { advance(tensor.storedBytes) }
    return try backend.loadVector(tensor.floats(), label: name)
  }

  /// One matrix of the rows of all `parts`, in their order.
  mutating func matrix(_ label: String, _ parts: [(name: String, rows: Int)], columns: Int) throws -> B.Matrix {
    let tensors = try tensors(parts, columns: columns)
    let matrix = try backend.loadMatrix(MatrixSource(label: label, parts: [tensors]))
    advance(tensors.reduce(0) { $0 + $1.storedBytes })
    return matrix
  }

  /// The experts of a layer, or the one that a dense layer is; `gateUp` and `down` give the tensors of expert e.
  mutating func experts(
    layer: Int, count: Int, isDense: Bool, hiddenSize: Int, intermediate: Int,
    gateUp: (Int) -> [(name: String, rows: Int)], down: (Int) -> [(name: String, rows: Int)]
  ) throws -> B.Experts {
    let gateUps = try (0..<count).map { try tensors(gateUp($0), columns: hiddenSize) }
    let downs = try (0..<count).map { try tensors(down($0), columns: intermediate) }
    let label = "layers.\(layer).experts"
    let experts = try backend.loadExperts(
      ExpertsSource(
        layer: layer, gateUp: MatrixSource(label: "\(label).gate_up", kind: .gated, parts: gateUps),
        down: MatrixSource(label: "\(label).down", parts: downs), isDense: isDense))
    advance((gateUps + downs).joined().reduce(0) { $0 + $1.storedBytes })
    return experts
  }

  private func tensors(_ parts: [(name: String, rows: Int)], columns: Int) throws -> [HostTensor] {
    try parts.map { try checkpoint.weight($0.name, shape: [$0.rows, columns]) }
  }

  private mutating func advance(_ bytes: Int) {
    done += bytes
    progress(done, checkpoint.byteCount)
  }
}
