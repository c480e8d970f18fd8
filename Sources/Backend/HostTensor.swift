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

/// Where the rows of a tensor stand in its bytes.
package enum RowOrder: Sendable, Equatable {
  case plain
  /// Of each head of so many rows the first half and the second half alternate: row i of a half is at 2i, or 2i + 1.
  case interleavedHalves(headRows: Int)

  /// The place of a row.
  @inlinable package func place(of row: Int) -> Int {
    guard case .interleavedHalves(let headRows) = self else { return row }
    let (head, index) = row.quotientAndRemainder(dividingBy: headRows)
    let half = headRows / 2
    return head * headRows + index % half * 2 + index / half
  }
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
  /// `shape.product / format.blockElements × format.byteCount` bytes, but for blocks with `scales` apart.
  package let bytes: UnsafeRawBufferPointer
  /// The scales of MXFP4 blocks that have none of their own, one byte a block: as GPT-OSS is published. Then a block is 16
  /// bytes, of which byte j holds elements 2j (lower four bits) and 2j + 1.
  package let scales: UnsafeRawBufferPointer?
  package let rowOrder: RowOrder
  /// The file that it comes from, for messages; empty if there is none.
  package let source: String
  package let owner: any HostMemory

  package init(
    name: String, format: ElementFormat, shape: [Int], bytes: UnsafeRawBufferPointer,
    scales: UnsafeRawBufferPointer? = nil, rowOrder: RowOrder = .plain, source: String, owner: any HostMemory
  ) {
    self.name = name
    self.format = format
    self.shape = shape
    self.bytes = bytes
    self.scales = scales
    self.rowOrder = rowOrder
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
    let scaleStride = (scales?.count ?? 0) / max(self.shape[0], 1)
    let scales = scales.map {
      UnsafeRawBufferPointer(rebasing: $0[first * scaleStride..<(first + count) * scaleStride])
    }
    return HostTensor(
      name: name, format: format, shape: shape, bytes: window, scales: scales, source: source, owner: owner)
  }

  package var elementCount: Int { shape.reduce(1, *) }

  /// Bytes in the file.
  package var storedBytes: Int { bytes.count + (scales?.count ?? 0) }
}
