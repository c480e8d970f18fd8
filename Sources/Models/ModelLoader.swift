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
    defer { advance(tensor.bytes.count) }
    return try backend.loadVector(tensor.floats(), label: name)
  }

  /// One matrix of the rows of all `parts`, in their order.
  mutating func matrix(_ label: String, _ parts: [(name: String, rows: Int)], columns: Int) throws -> B.Matrix {
    try load(label, kind: .plain, [tensors(parts, columns: columns)])
  }

  /// One matrix an expert; `parts` gives the tensors of expert e.
  mutating func experts(
    _ label: String, kind: MatrixSource.Kind, count: Int, columns: Int, parts: (Int) -> [(name: String, rows: Int)]
  ) throws -> B.Matrix {
    try load(label, kind: kind, (0..<count).map { try tensors(parts($0), columns: columns) })
  }

  private func tensors(_ parts: [(name: String, rows: Int)], columns: Int) throws -> [HostTensor] {
    try parts.map { try checkpoint.weight($0.name, shape: [$0.rows, columns]) }
  }

  private mutating func load(_ label: String, kind: MatrixSource.Kind, _ parts: [[HostTensor]]) throws -> B.Matrix {
    let matrix = try backend.loadMatrix(MatrixSource(label: label, kind: kind, parts: parts))
    advance(parts.joined().reduce(0) { $0 + $1.bytes.count })
    return matrix
  }

  private mutating func advance(_ bytes: Int) {
    done += bytes
    progress(done, checkpoint.byteCount)
  }
}
