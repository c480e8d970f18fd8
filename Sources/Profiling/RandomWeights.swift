import Backend
import Scheduling
import Simulation

/// Weights for measuring time: random numbers of the right size, shared by all matrices on the host.
///
/// How long a product takes does not depend on the numbers, as long as they are ordinary ones.
final class RandomWeights {
  private let memory: OwnedMemory
  private let scale: Float

  /// - Parameter elements: of the largest tensor.
  init(elements: Int, seed: UInt64 = 1) {
    memory = OwnedMemory(byteCount: elements * 2)
    scale = 0.05
    let values = memory.bytes.assumingMemoryBound(to: UInt16.self)
    // A period is enough, and quick to make.
    let period = min(elements, 1 << 16)
    var random = SeededRandom(seed)
    for index in 0..<period { values[index] = BFloat16.round(random.float() * scale) }
    for index in period..<max(period, elements) { values[index] = values[index - period] }
  }

  /// bf16 [rows, columns].
  func tensor(_ name: String, rows: Int, columns: Int) -> HostTensor {
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory.bytes)[..<(rows * columns * 2)])
    return HostTensor(name: name, format: .bf16, shape: [rows, columns], bytes: bytes, source: "", owner: memory)
  }

  func matrix(_ label: String, rows: Int, columns: Int) throws -> MatrixSource {
    try MatrixSource(label: label, parts: [[tensor(label, rows: rows, columns: columns)]])
  }

  /// A layer's experts, which all get their place on the device at once.
  func experts(of model: ModelShape, layer: Int) throws -> ExpertsSource {
    let (hidden, intermediate) = (model.hiddenSize, model.expertIntermediateSize)
    func matrix(_ label: String, _ kind: MatrixSource.Kind, rows: Int, columns: Int) throws -> MatrixSource {
      let tensor = tensor(label, rows: rows, columns: columns)
      return try MatrixSource(label: label, kind: kind, parts: Array(repeating: [tensor], count: model.experts))
    }
    return ExpertsSource(
      layer: layer, gateUp: try matrix("experts' gate and up", .gated, rows: 2 * intermediate, columns: hidden),
      down: try matrix("experts' down", .plain, rows: hidden, columns: intermediate), isDense: true)
  }
}

extension SeededRandom {
  /// Uniform in [−1, 1).
  mutating func float() -> Float { Float(Int32(truncatingIfNeeded: next() >> 32)) * 0x1p-31 }

  /// Uniform in (0, 1).
  mutating func open() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }
}
