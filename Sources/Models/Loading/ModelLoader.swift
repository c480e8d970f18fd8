import Backend
import Checkpoints

/// Brings a checkpoint's tensors to a backend, in its layouts, and tells how far it is.
struct ModelLoader<B: Backend> {
  let backend: B
  let checkpoint: Checkpoint
  let configuration: DecoderConfiguration
  private let progress: LoadProgress
  private var done = 0

  init(
    _ backend: B, _ checkpoint: Checkpoint, _ configuration: DecoderConfiguration, progress: @escaping LoadProgress
  ) {
    self.backend = backend
    self.checkpoint = checkpoint
    self.configuration = configuration
    self.progress = progress
  }

  var model: ModelDescription { configuration.description }

  /// f32 [count].
  mutating func vector(_ name: String, count: Int) throws -> B.Vector {
    try vector(name, [(name, count)])
  }

  /// f32: the elements of all `parts`, in their order.
  mutating func vector(_ label: String, _ parts: [(name: String, count: Int)]) throws -> B.Vector {
    try backend.loadVector(parts.flatMap { try values($0.name, shape: [$0.count]) }, label: label)
  }

  /// The elements of a tensor.
  mutating func values(_ name: String, shape: [Int]) throws -> [Float] {
    let tensor = try checkpoint.weight(name, shape: shape)
    advance(tensor.storedBytes)
    return tensor.floats()
  }

  /// One matrix of the rows of all `parts`, in their order.
  mutating func matrix(_ label: String, _ parts: [(name: String, rows: Int)], columns: Int) throws -> B.Matrix {
    let tensors = try parts.map { try tensor($0.name, shape: [$0.rows, columns]) }
    return try backend.loadMatrix(MatrixSource(label: label, parts: [tensors]))
  }

  /// A tensor, whose bytes count as loaded.
  mutating func tensor(_ name: String, shape: [Int]) throws -> HostTensor {
    let tensor = try checkpoint.weight(name, shape: shape)
    advance(tensor.storedBytes)
    return tensor
  }

  /// Tells that `bytes` are loaded.
  mutating func advance(_ bytes: Int) {
    done += bytes
    progress(done, checkpoint.byteCount)
  }
}
