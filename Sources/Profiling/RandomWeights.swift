import Backend
import Scheduling
import Simulation

/// Weights for measuring time: random numbers of the right size, shared by all matrices on the host.
///
/// How long a product takes does not depend on the numbers, as long as they are ordinary ones.
final class RandomWeights {
  private let memory: OwnedMemory
  private let format: ElementFormat

  private static let scale: Float = 0.05
  /// Elements that are made; they are repeated.
  private static let period = 1 << 16

  /// - Parameters:
  ///   - elements: of the largest tensor, whole blocks.
  ///   - format: one of those that can be written.
  init(elements: Int, format: ElementFormat = .bf16, seed: UInt64 = 1) {
    self.format = format
    let count = format.rowBytes(elements)
    memory = OwnedMemory(byteCount: count)
    var random = SeededRandom(seed)
    let values = (0..<min(elements, Self.period)).map { _ in random.float() * Self.scale }
    guard let start = memory.bytes.baseAddress else { return }
    BlockEncoding.encode(values, count: values.count, as: format, to: start)
    let period = format.rowBytes(values.count)
    for index in stride(from: period, to: count, by: period) {
      (start + index).copyMemory(from: start, byteCount: min(period, count - index))
    }
  }

  /// [rows, columns]
  func tensor(_ name: String, rows: Int, columns: Int) -> HostTensor {
    let count = rows * format.rowBytes(columns)
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory.bytes)[..<count])
    return HostTensor(name: name, format: format, shape: [rows, columns], bytes: bytes, source: "", owner: memory)
  }

  func matrix(_ label: String, rows: Int, columns: Int) throws -> MatrixSource {
    try MatrixSource(label: label, parts: [[tensor(label, rows: rows, columns: columns)]])
  }

  /// A layer's experts, which all get their place on the device at once.
  func experts(of model: ModelShape, layer: Int) throws -> ExpertsSource {
    try experts(
      model.experts, hidden: model.hiddenSize, intermediate: model.expertIntermediateSize, layer: layer)
  }

  /// So many experts of one layer.
  func experts(_ count: Int, hidden: Int, intermediate: Int, layer: Int) throws -> ExpertsSource {
    func matrix(_ label: String, _ kind: MatrixSource.Kind, rows: Int, columns: Int) throws -> MatrixSource {
      let tensor = tensor(label, rows: rows, columns: columns)
      return try MatrixSource(label: label, kind: kind, parts: Array(repeating: [tensor], count: count))
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
