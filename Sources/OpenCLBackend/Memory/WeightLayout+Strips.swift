import Backend

extension WeightLayout {
  /// Strips of 16 rows in so many units, as the kernels on matrix units count them.
  func strips(units: Int) -> Int {
    unit == .strip ? units : units * unitFeatures * rowsPerFeature / Self.stripRows
  }

  /// Columns of a piece in a strip: where there are several, none shares a chunk with another.
  var pieceColumns: Int { source.columns.roundedUp(to: format.matrixPieces > 1 ? MatrixTile.chunk : 16) }

  /// Writes a strip of 16 rows in the order of `Kernels/Common/fragments.clh`.
  func writeStrip(_ matrix: MatrixSource, expert: Int, strip: Int, to target: UnsafeMutableRawBufferPointer) {
    let words = target.assumingMemoryBound(to: UInt32.self)
    for index in 0..<Self.stripRows {
      let place = row(unit: strip, size: Self.stripRows, index: index).map { matrix.locate(expert: expert, row: $0) }
      if format == .bf16 {
        writeQuads(row: index, piece: 0, to: words) { quad in
          place.map { quadWord($0.tensor, row: $0.row, first: quad * 4) } ?? 0
        }
      } else {
        writePieces(place, row: index, to: words)
      }
    }
  }

  /// All pieces of a row, whose place is nil for padding.
  private func writePieces(
    _ place: (tensor: HostTensor, row: Int)?, row index: Int, to words: UnsafeMutableBufferPointer<UInt32>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: pieceColumns) { values in
      guard let base = values.baseAddress else { return }
      values.initialize(repeating: 0)
      if let place { place.tensor.readRow(at: place.row, columns: source.columns, into: base) }
      for piece in 0..<format.matrixPieces {
        writeQuads(row: index, piece: piece, to: words) { quad in
          (0..<4).reduce(0) { $0 | UInt64(values[quad * 4 + $1].cutPiece()) << (16 * UInt64($1)) }
        }
      }
    }
  }

  /// Writes a piece of a row, four columns at a time, which `word` gives by their number.
  private func writeQuads(
    row index: Int, piece: Int, to words: UnsafeMutableBufferPointer<UInt32>, word: (Int) -> UInt64
  ) {
    let steps = pieceColumns / 16
    for quad in 0..<steps * 4 {
      let values = word(quad)
      // Of a block's 32 lanes the one of this row and quad; its four words are pairs of k by pairs of rows.
      let lane = (piece * steps + quad / 4) * 32 + index % 8 * 4 + quad % 4
      words[lane * 4 + index / 8] = UInt32(truncatingIfNeeded: values)
      words[lane * 4 + 2 + index / 8] = UInt32(truncatingIfNeeded: values >> 32)
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
