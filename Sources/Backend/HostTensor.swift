/// Host memory that tensors point into, kept alive by whoever holds it: a mapped file, or an array.
package protocol HostMemory: AnyObject, Sendable {
  /// - Throws: if a file behind the memory is not what it was: reading it could end the process.
  func checkFile() throws
}

extension HostMemory {
  package func checkFile() {}
}

/// Memory that a process allocated itself.
package final class OwnedMemory: HostMemory, @unchecked Sendable {
  package let bytes: UnsafeMutableRawBufferPointer

  /// `byteCount` bytes, aligned to 64, not initialised.
  package init(byteCount: Int) {
    bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
  }

  deinit { bytes.deallocate() }
}

/// A tensor in host memory, row-major, read-only: usually a window of a mapped checkpoint file.
///
/// `bytes` stays valid for as long as this value, which holds its memory's owner. Elements need not be aligned.
package struct HostTensor: @unchecked Sendable {
  /// The name in the checkpoint.
  package let name: String
  package let format: ElementFormat
  /// Dimensions, slowest first.
  package let shape: [Int]
  /// `shape.product × format.byteCount` bytes.
  package let bytes: UnsafeRawBufferPointer
  /// The file that it comes from, for messages; empty if there is none.
  package let source: String
  private let owner: any HostMemory

  package init(
    name: String, format: ElementFormat, shape: [Int], bytes: UnsafeRawBufferPointer, source: String,
    owner: any HostMemory
  ) {
    self.name = name
    self.format = format
    self.shape = shape
    self.bytes = bytes
    self.source = source
    self.owner = owner
  }

  /// A tensor with its own copy of `values`.
  package init<T: BitwiseCopyable>(name: String, format: ElementFormat, shape: [Int], values: [T]) {
    let memory = OwnedMemory(byteCount: values.count * MemoryLayout<T>.stride)
    values.withUnsafeBytes { memory.bytes.copyMemory(from: $0) }
    self.init(
      name: name, format: format, shape: shape, bytes: UnsafeRawBufferPointer(memory.bytes), source: "",
      owner: memory)
  }

  /// - Throws: if its file was shortened or written to since it was opened.
  package func checkFile() throws { try owner.checkFile() }

  /// `count` elements of the first dimension from `first` on, in the same memory.
  func part(first: Int, count: Int, shape: [Int]) -> HostTensor {
    let stride = self.shape[0] > 0 ? bytes.count / self.shape[0] : 0
    let window = UnsafeRawBufferPointer(rebasing: bytes[first * stride..<(first + count) * stride])
    return HostTensor(name: name, format: format, shape: shape, bytes: window, source: source, owner: owner)
  }

  package var elementCount: Int { shape.reduce(1, *) }

  /// Element `index` as f32.
  /// - Precondition: `format` is `.bf16`, `.f16` or `.f32`, which `Checkpoint.weight` makes sure of.
  @inlinable package func float(at index: Int) -> Float {
    switch format {
    case .f32: bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
    case .f16: Float(bytes.loadUnaligned(fromByteOffset: index * 2, as: Float16.self))
    default: BFloat16.widen(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
  }

  /// All elements as f32.
  package func floats() -> [Float] { (0..<elementCount).map { float(at: $0) } }
}
