import Backend
import Checkpoints

/// The rows of a tensor to be written, wherever they come from, and the format that they get.
struct RowSource: Sendable {
  /// Where a row of the tensor is found.
  enum Rows: Sendable {
    /// As a row of a tensor, at a place in its bytes.
    case whole(@Sendable (_ row: Int) -> (tensor: HostTensor, place: Int))
    /// As every `step`-th element of a tensor without blocks, from `start` on.
    case spread(HostTensor, step: Int, start: @Sendable (_ row: Int) -> Int)
  }

  let name: String
  /// Slowest first.
  let shape: [Int]
  /// What the rows have where they are read.
  let format: ElementFormat
  let rows: Rows

  /// - Parameter locate: gives the tensor that holds a row, and its place there.
  init(
    name: String, shape: [Int], format: ElementFormat,
    locate: @escaping @Sendable (_ row: Int) -> (tensor: HostTensor, place: Int)
  ) {
    self.name = name
    self.shape = shape
    self.format = format
    rows = .whole(locate)
  }

  /// Rows of elements of `tensor`, each from `start` on, `step` apart.
  init(name: String, shape: [Int], of tensor: HostTensor, step: Int, start: @escaping @Sendable (_ row: Int) -> Int) {
    self.name = name
    self.shape = shape
    format = tensor.format
    rows = .spread(tensor, step: step, start: start)
  }

  /// A tensor as it is.
  init(_ tensor: HostTensor, name: String? = nil) {
    self.init(name: name ?? tensor.name, shape: tensor.shape, format: tensor.format) { (tensor, $0) }
  }

  /// The tensor in `target`: its bytes where the format stays, else each row rounded.
  func tensor(as target: ElementFormat) -> GGUFWriter.Tensor {
    let columns = shape.last ?? 1
    let (rows, keeps) = (rows, target == format)
    return GGUFWriter.Tensor(name: name, format: target, shape: shape) { row, bytes in
      if keeps, case .whole(let locate) = rows {
        let (tensor, place) = locate(row)
        return tensor.copyRow(at: place, columns: columns, to: bytes)
      }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { values in
        guard let base = values.baseAddress else { return }
        switch rows {
        case .whole(let locate):
          let (tensor, place) = locate(row)
          tensor.readRow(at: place, columns: columns, into: base)
        case .spread(let tensor, let step, let start):
          let first = start(row)
          for k in 0..<columns { base[k] = tensor.float(at: first + k * step) }
        }
        BlockEncoding.encode(base, count: columns, as: target, to: bytes)
      }
    }
  }
}

extension HostTensor {
  /// The bytes of the row at `place`; blocks whose scales are apart get them.
  fileprivate func copyRow(at place: Int, columns: Int, to target: UnsafeMutableRawPointer) {
    let size = format.rowBytes(columns)
    guard scales != nil, let block = format.block else {
      if let base = bytes.baseAddress { target.copyMemory(from: base + place * size, byteCount: size) }
      return
    }
    let count = columns / block.elementCount
    for index in 0..<count {
      withBlock(place * count + index, of: block) {
        (target + index * block.byteCount).copyMemory(from: $0, byteCount: block.byteCount)
      }
    }
  }
}
