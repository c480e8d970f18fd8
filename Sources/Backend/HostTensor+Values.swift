// A tensor's elements as f32, whatever its weight format is.
extension HostTensor {
  /// The element at place `index` as f32.
  /// - Precondition: `format` is `.bf16`, `.f16` or `.f32`.
  @inlinable package func float(at index: Int) -> Float {
    switch format {
    case .f32: bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
    case .f16: Float(bytes.loadUnaligned(fromByteOffset: index * 2, as: Float16.self))
    default: BFloat16.widen(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
  }

  /// Writes the `columns` elements of the row at `place`.
  /// - Precondition: `format` is that of a weight, and `columns` whole blocks, which `Checkpoint.weight` makes sure of.
  package func readRow(at place: Int, columns: Int, into target: UnsafeMutablePointer<Float>) {
    guard let block = format.block else {
      for k in 0..<columns { target[k] = float(at: place * columns + k) }
      return
    }
    for index in 0..<columns / block.elementCount {
      withBlock(place * (columns / block.elementCount) + index, of: block) {
        block.decode($0, into: target + index * block.elementCount)
      }
    }
  }

  /// All elements, rows in their order.
  package func floats() -> [Float] {
    let columns = shape.count == 1 && rowOrder != .plain ? 1 : shape.last ?? 1
    guard columns > 0 else { return [] }
    let rows = elementCount / columns
    return [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
      if let base = values.baseAddress {
        for row in 0..<rows { readRow(at: rowOrder.place(of: row), columns: columns, into: base + row * columns) }
      }
      count = rows * columns
    }
  }

  /// Calls `body` with block `index` of the tensor, as `block` lays it out.
  @inline(__always)
  package func withBlock(_ index: Int, of block: BlockFormat, _ body: (UnsafeRawPointer) -> Void) {
    guard let base = bytes.baseAddress else { return }
    guard let scales else { return body(base + index * block.byteCount) }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 17) { joined in
      guard let target = joined.baseAddress else { return }
      target[0] = scales[index]
      joinPairs(base + index * 16, into: target + 1)
      body(UnsafeRawPointer(target))
    }
  }

  /// From elements 2j and 2j + 1 in byte j to elements j and j + 16.
  private func joinPairs(_ source: UnsafeRawPointer, into target: UnsafeMutablePointer<UInt8>) {
    for j in 0..<16 {
      let (low, high) = (source.byte(j / 2), source.byte(8 + j / 2))
      let shift = UInt8(j % 2 * 4)
      target[j] = low >> shift & 15 | (high >> shift & 15) << 4
    }
  }
}
