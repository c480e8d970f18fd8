import Backend

extension WeightLayout {
  /// Where a row of a panel is read: a tensor, and the place of the row in it; nil for padding.
  private typealias Place = (tensor: HostTensor, row: Int)?

  /// Writes the panel of `Kernels/Common/panels.clh` that begins with a row of the matrix, within the gate or the up
  /// projection of a gated one.
  func writePanel(_ matrix: MatrixSource, expert: Int, firstRow: Int, to target: UnsafeMutableRawBufferPointer) {
    let end = min(firstRow + DevicePlan.panel, (firstRow / features + 1) * features)
    for feature in 0..<DevicePlan.panel {
      let row = firstRow + feature
      let place = row < end ? matrix.locate(expert: expert, row: row) : nil
      if let block = format.block {
        writeBlocks(place, block, feature: feature, to: target)
      } else if format == .bf16 {
        writePairs(place, feature: feature, to: target.assumingMemoryBound(to: UInt32.self))
      } else if format == .f16 {
        writeHalves(place, feature: feature, to: target.assumingMemoryBound(to: UInt16.self))
      } else {
        writeValues(place, feature: feature, to: target.assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// One feature of a panel in bf16: two k's in 32 bits, the even one below.
  private func writePairs(_ place: Place, feature: Int, to target: UnsafeMutableBufferPointer<UInt32>) {
    let pairs = source.columns.dividedUp(by: 2)
    guard let place else {
      for pair in 0..<pairs { target[pair * DevicePlan.panel + feature] = 0 }
      return
    }
    let start = place.row * source.columns * 2
    for pair in 0..<source.columns / 2 {
      target[pair * DevicePlan.panel + feature] = UInt32(
        littleEndian: place.tensor.bytes.loadUnaligned(fromByteOffset: start + pair * 4, as: UInt32.self))
    }
    if source.columns % 2 == 1 {
      let last = place.tensor.bytes.loadUnaligned(fromByteOffset: start + source.columns * 2 - 2, as: UInt16.self)
      target[(pairs - 1) * DevicePlan.panel + feature] = UInt32(last)
    }
  }

  private func writeHalves(_ place: Place, feature: Int, to target: UnsafeMutableBufferPointer<UInt16>) {
    let columns = source.columns
    for k in 0..<columns.roundedUp(to: 2) {
      let half = place.flatMap { (tensor, row) in
        k < columns ? tensor.bytes.loadUnaligned(fromByteOffset: (row * columns + k) * 2, as: UInt16.self) : nil
      }
      target[k * DevicePlan.panel + feature] = UInt16(littleEndian: half ?? 0)
    }
  }

  private func writeValues(_ place: Place, feature: Int, to target: UnsafeMutableBufferPointer<Float>) {
    let columns = source.columns
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { row in
      guard let base = row.baseAddress else { return }
      if let place { place.tensor.readRow(at: place.row, columns: columns, into: base) }
      for k in 0..<columns.roundedUp(to: 2) {
        target[k * DevicePlan.panel + feature] = place == nil || k >= columns ? 0 : row[k]
      }
    }
  }

  /// One feature of a panel of blocks.
  private func writeBlocks(
    _ place: Place, _ block: BlockFormat, feature: Int, to target: UnsafeMutableRawBufferPointer
  ) {
    guard let base = target.baseAddress else { return }
    let packing = BlockPacking(block, feature: feature)
    let blocks = source.columns / block.elementCount
    for index in 0..<blocks {
      let start = base + index * block.byteCount * DevicePlan.panel
      if let place {
        place.tensor.withBlock(place.row * blocks + index, of: block) { packing.write($0, to: start) }
      } else {
        packing.clear(start)
      }
    }
  }
}
