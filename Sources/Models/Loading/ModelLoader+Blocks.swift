import Backend
import Checkpoints

extension ModelLoader {
  /// The experts of a projection in MXFP4, [experts, rows, columns] in `name_blocks` (u8 [experts, rows, columns / 32, 16])
  /// and `name_scales` (u8 [experts, rows, columns / 32]), where they are.
  mutating func scaledBlocks(_ name: String, shape: [Int], rowOrder: RowOrder = .plain) throws -> [HostTensor] {
    let size = ElementFormat.mxfp4.blockElements
    let columns = shape[2]
    guard columns.isMultiple(of: size) else {
      throw ModelError("\(name): \(columns) columns, expected a multiple of \(size) for MXFP4")
    }
    let blockShape = [shape[0], shape[1], columns / size]
    let blocks = try byteTensor("\(name)_blocks", shape: blockShape + [size / 2])
    let scales = try byteTensor("\(name)_scales", shape: blockShape)
    return (0..<shape[0]).map { expert in
      let own = blocks.element(expert)
      return HostTensor(
        name: name, format: .mxfp4, shape: [shape[1], columns], bytes: own.bytes, scales: scales.element(expert).bytes,
        rowOrder: rowOrder, source: own.source,
        owner: JoinedMemory(blocks.owner, scales.owner))
    }
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
