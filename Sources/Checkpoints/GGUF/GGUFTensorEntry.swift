import Backend
import JSON

/// What a GGUF file says about one tensor, checked in itself but not yet against the file.
struct GGUFTensorEntry {
  let name: String
  let format: ElementFormat
  /// Slowest first.
  let shape: [Int]
  let byteCount: Int
  let offset: UInt64

  private static let mostDimensions = 4

  init(_ reader: inout GGUFReader, index: Int) throws(CheckpointError) {
    let name = try reader.string("name of tensor \(index)", longest: GGUFReader.longestName)
    let what = "tensor \(printable(name))"
    let count: UInt32 = try reader.integer("\(what): count of dimensions")
    guard (1...Self.mostDimensions).contains(Int(count)) else {
      throw reader.error(what, "found \(count) dimensions, expected 1 to \(Self.mostDimensions)")
    }
    var shape: [Int] = []
    for _ in 0..<count {
      let dimension: UInt64 = try reader.integer("\(what): dimensions")
      guard dimension > 0, let size = Int(exactly: dimension) else {
        throw reader.error(what, "found a dimension of \(dimension), expected 1 to 2^63 − 1")
      }
      shape.insert(size, at: 0)
    }
    let type: UInt32 = try reader.integer("\(what): type")
    guard let format = GGUFTensorType.format(type) else {
      throw reader.error(what, "found type \(GGUFTensorType.name(type)), expected one of \(GGUFTensorType.names)")
    }
    guard shape[shape.count - 1] % format.blockElements == 0 else {
      throw reader.error(
        what,
        "rows of \(shape[shape.count - 1]) elements, expected a multiple of \(format.blockElements) for \(format.rawValue)"
      )
    }
    guard let byteCount = HostTensor.byteCount(format: format, shape: shape) else {
      throw reader.error(what, "found shape \(shape), expected a number of bytes below 2^63")
    }
    offset = try reader.integer("\(what): offset")
    self.name = name
    self.format = format
    self.shape = shape
    self.byteCount = byteCount
  }

  func error(_ reader: GGUFReader, _ problem: String) -> CheckpointError {
    reader.error("tensor \(printable(name))", problem)
  }

  func tensor(in file: MappedFile, at start: Int) -> HostTensor {
    HostTensor(
      name: name, format: format, shape: shape,
      bytes: UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + byteCount]), source: file.path, owner: file)
  }
}
