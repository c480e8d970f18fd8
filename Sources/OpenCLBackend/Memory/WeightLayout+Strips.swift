import Backend

extension WeightLayout {
  /// Strips of 16 rows in so many units, as the kernels on matrix units count them.
  func strips(units: Int) -> Int {
    unit == .strip ? units : units * unitFeatures * rowsPerFeature / Self.stripRows
  }

  /// Writes a strip of 16 rows in the order of `Kernels/Common/fragments.clh`.
  func writeStrip(_ matrix: MatrixSource, expert: Int, strip: Int, to target: UnsafeMutableRawBufferPointer) {
    let words = target.assumingMemoryBound(to: UInt32.self)
    for index in 0..<Self.stripRows {
      let place = row(unit: strip, size: Self.stripRows, index: index).map { matrix.locate(expert: expert, row: $0) }
      for quad in 0..<source.columns.dividedUp(by: 16) * 4 {
        let values = place.map { quadWord($0.tensor, row: $0.row, first: quad * 4) } ?? 0
        // Of a block's 32 lanes the one of this row and quad; its four words are pairs of k by pairs of rows.
        let lane = quad / 4 * 32 + index % 8 * 4 + quad % 4
        words[lane * 4 + index / 8] = UInt32(truncatingIfNeeded: values)
        words[lane * 4 + 2 + index / 8] = UInt32(truncatingIfNeeded: values >> 32)
      }
    }
  }

  /// Four bf16 of a row from column `first` on, the first lowest; zero outside.
  private func quadWord(_ tensor: HostTensor, row: Int, first: Int) -> UInt64 {
    let start = (row * source.columns + first) * 2
    if first + 4 <= source.columns {
      return UInt64(littleEndian: tensor.bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    return (0..<max(0, source.columns - first)).reduce(0) { word, k in
      let element = tensor.bytes.loadUnaligned(fromByteOffset: start + k * 2, as: UInt16.self)
      return word | UInt64(UInt16(littleEndian: element)) << (16 * UInt64(k))
    }
  }
}
