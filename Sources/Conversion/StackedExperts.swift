import Backend
import Checkpoints
import JSON

/// The projections of all experts of a layer, which a folder has in one tensor, as those of a GGUF file.
struct StackedExperts {
  private let checkpoint: Checkpoint
  /// Rows of gate and up projection take turns, instead of following each other.
  private let alternates: Bool
  private let layer: Int
  private let isDown: Bool

  init(_ checkpoint: Checkpoint, _ names: GGUFNames, layer: Int, isDown: Bool) {
    self.checkpoint = checkpoint
    alternates = names.alternatesExperts
    self.layer = layer
    self.isDown = isDown
  }

  /// What becomes of a tensor, of which `part` tells what it is; scales go with their blocks.
  ///
  /// - Throws: naming a tensor whose shape is not that of such a stack.
  func sources(_ tensor: HostTensor, _ part: GGUFNames.StackPart) throws -> [RowSource] {
    switch part {
    case .weights: return try matrices(weight(tensor))
    case .biases: return try vectors(weight(tensor))
    case .blocks: return try blocks(tensor)
    case .scales: return []
    }
  }

  /// Names of the file's tensors, and for each its first row and the step to the next, of so many rows in all.
  private func targets(_ kind: String, rows: Int) -> [(name: String, first: Int, step: Int, rows: Int)] {
    let prefix = "blk.\(layer).ffn_"
    if isDown { return [("\(prefix)down_exps.\(kind)", 0, 1, rows)] }
    let half = rows / 2
    return [
      ("\(prefix)gate_exps.\(kind)", 0, alternates ? 2 : 1, half),
      ("\(prefix)up_exps.\(kind)", alternates ? 1 : half, alternates ? 2 : 1, half),
    ]
  }

  /// [experts, rows, columns], or where gate and up take turns [experts, columns, rows].
  private func matrices(_ tensor: HostTensor) throws -> [RowSource] {
    try check(tensor, dimensions: 3, rowDimension: alternates ? 2 : 1)
    let (experts, size) = (tensor.shape[0], tensor.shape[1] * tensor.shape[2])
    if !alternates { return whole(tensor) }
    let (columns, all) = (tensor.shape[1], tensor.shape[2])
    return targets("weight", rows: all).map { name, first, step, rows in
      RowSource(name: name, shape: [experts, rows, columns], of: tensor, step: all) {
        $0 / rows * size + first + $0 % rows * step
      }
    }
  }

  private func whole(_ tensor: HostTensor) -> [RowSource] {
    let (experts, all, columns) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    return targets("weight", rows: all).map { name, first, step, rows in
      RowSource(name: name, shape: [experts, rows, columns], format: tensor.format) {
        (tensor, $0 / rows * all + first + $0 % rows * step)
      }
    }
  }

  /// [experts, rows]
  private func vectors(_ tensor: HostTensor) throws -> [RowSource] {
    try check(tensor, dimensions: 2, rowDimension: 1)
    let (experts, all) = (tensor.shape[0], tensor.shape[1])
    return targets("bias", rows: all).map { name, first, step, rows in
      RowSource(name: name, shape: [experts, rows], of: tensor, step: step) { $0 * all + first }
    }
  }

  /// Blocks of MXFP4, [experts, rows, columns / 32, 16]; their rows are not turned round.
  private func blocks(_ tensor: HostTensor) throws -> [RowSource] {
    try check(tensor, dimensions: 4, rowDimension: 1)
    let shape = [tensor.shape[0], tensor.shape[1], tensor.shape[2] * ElementFormat.mxfp4.blockElements]
    return whole(
      try checkpoint.scaledBlocks(String(tensor.name.dropLast(GGUFNames.StackPart.blocks.rawValue.count)), shape: shape)
    )
  }

  private func weight(_ tensor: HostTensor) throws -> HostTensor {
    try checkpoint.weight(tensor.name, shape: tensor.shape)
  }

  private func check(_ tensor: HostTensor, dimensions: Int, rowDimension: Int) throws {
    let shape = tensor.shape
    guard shape.count == dimensions, shape.allSatisfy({ $0 > 0 }), isDown || shape[rowDimension].isMultiple(of: 2)
    else {
      throw ConversionError(
        "\(tensor.source): tensor \(printable(tensor.name)): found shape \(shape), expected \(dimensions) dimensions"
          + (isDown ? "" : " and an even number of rows, those of gate and up projection"))
    }
  }
}
