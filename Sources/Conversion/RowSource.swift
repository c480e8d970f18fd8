import Backend
import Checkpoints

/// The rows of a tensor to be written, wherever they come from, and the format that they get.
struct RowSource: Sendable {
  let name: String
  /// Slowest first.
  let shape: [Int]
  /// What the rows have where they are read.
  let format: ElementFormat
  /// The tensor that holds a row, and its place there.
  let locate: @Sendable (_ row: Int) -> (tensor: HostTensor, place: Int)

  init(
    name: String, shape: [Int], format: ElementFormat,
    locate: @escaping @Sendable (_ row: Int) -> (tensor: HostTensor, place: Int)
  ) {
    self.name = name
    self.shape = shape
    self.format = format
    self.locate = locate
  }

  /// A tensor as it is.
  init(_ tensor: HostTensor, name: String? = nil) {
    self.init(name: name ?? tensor.name, shape: tensor.shape, format: tensor.format) { (tensor, $0) }
  }

  /// The tensor in `target`: its bytes where the format stays, else each row rounded.
  func tensor(as target: ElementFormat) -> GGUFWriter.Tensor {
    let columns = shape.last ?? 1
    let (locate, format) = (locate, format)
    return GGUFWriter.Tensor(name: name, format: target, shape: shape) { row, bytes in
      let (tensor, place) = locate(row)
      if target == format, tensor.scales == nil, let base = tensor.bytes.baseAddress {
        let size = format.rowBytes(columns)
        bytes.copyMemory(from: base + place * size, byteCount: size)
        return
      }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { values in
        guard let base = values.baseAddress else { return }
        tensor.readRow(at: place, columns: columns, into: base)
        BlockEncoding.encode(base, count: columns, as: target, to: bytes)
      }
    }
  }
}
