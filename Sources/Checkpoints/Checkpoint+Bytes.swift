package import Backend
import JSON

extension Checkpoint {
  /// The tensor `name` of bytes, which has exactly this `shape`: a part of a quantised weight.
  ///
  /// - Throws: `CheckpointError` naming file and tensor if it is missing or otherwise.
  private func byteTensor(_ name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    guard let tensor = tensor(name) else {
      throw CheckpointError("\(path): tensor \(printable(name)): it is missing, expected one of shape \(shape)")
    }
    guard tensor.shape == shape, tensor.format == .u8 else {
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(name)): found \(tensor.format.rawValue) of shape \(tensor.shape), expected U8 of "
          + "shape \(shape)")
    }
    return tensor
  }

  /// The experts of a projection in MXFP4 as one tensor of `shape`, [experts, rows, columns]: `name_blocks` (u8 [experts, rows,
  /// columns / 32, 16]) with `name_scales` (u8 [experts, rows, columns / 32]).
  ///
  /// - Throws: `CheckpointError` naming file and tensor if one is missing or otherwise, or if columns are no whole blocks.
  package func scaledBlocks(_ name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    let size = ElementFormat.mxfp4.blockElements
    guard shape[2].isMultiple(of: size) else {
      throw CheckpointError(
        "\(path): tensor \(printable(name))_blocks: \(shape[2]) columns, expected a multiple of \(size) for MXFP4")
    }
    let blockShape = [shape[0], shape[1], shape[2] / size]
    let blocks = try byteTensor("\(name)_blocks", shape: blockShape + [size / 2])
    let scales = try byteTensor("\(name)_scales", shape: blockShape)
    return HostTensor(
      name: name, format: .mxfp4, shape: shape, bytes: blocks.bytes, scales: scales.bytes, source: blocks.source,
      owner: JoinedMemory(blocks.owner, scales.owner))
  }
}

/// The memory of blocks and of their scales, which may be in two files.
private final class JoinedMemory: HostMemory {
  private let blocks: any HostMemory
  private let scales: any HostMemory

  init(_ blocks: any HostMemory, _ scales: any HostMemory) {
    self.blocks = blocks
    self.scales = scales
  }

  func checkFile() throws {
    try blocks.checkFile()
    try scales.checkFile()
  }
}
