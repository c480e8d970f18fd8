// Parts of a tensor as tensors of their own.
extension HostTensor {
  /// Element `index` of the first dimension, without a copy: a matrix of a stack of them.
  package func element(_ index: Int) -> HostTensor {
    part(first: index, count: 1, shape: Array(shape.dropFirst()))
  }

  /// Some rows of a matrix, without a copy.
  package func rows(_ range: Range<Int>) -> HostTensor {
    part(first: range.lowerBound, count: range.count, shape: [range.count] + shape.dropFirst())
  }

  /// A copy of every `step`-th column of a matrix [rows, columns] from `first` on, as rows: [columns / step, rows].
  ///
  /// Blocks, which lie along rows, become f32.
  package func transposed(from first: Int = 0, by step: Int = 1) -> HostTensor {
    if format.block != nil {
      return HostTensor(name: name, format: .f32, shape: shape, values: floats()).transposed(from: first, by: step)
    }
    return switch format.byteCount {
    case 2: transposed(from: first, by: step, as: UInt16.self)
    default: transposed(from: first, by: step, as: UInt32.self)
    }
  }

  private func transposed<T: BitwiseCopyable>(
    from first: Int, by step: Int, as: T.Type
  ) -> HostTensor {
    let (rows, columns) = (shape[0], shape[1])
    let size = MemoryLayout<T>.size
    let kept = Array(stride(from: first, to: columns, by: step))
    let values = [T](unsafeUninitializedCapacity: rows * kept.count) { target, count in
      for row in 0..<rows {
        for (index, column) in kept.enumerated() {
          let value = bytes.loadUnaligned(fromByteOffset: (row * columns + column) * size, as: T.self)
          target.initializeElement(at: index * rows + row, to: value)
        }
      }
      count = rows * kept.count
    }
    return HostTensor(name: name, format: format, shape: [kept.count, rows], values: values)
  }
}
