import Backend
import Checkpoints

extension ModelLoader {
  /// The experts of a projection in MXFP4, [experts, rows, columns], whose blocks and scales are apart.
  mutating func scaledBlocks(_ name: String, shape: [Int], rowOrder: RowOrder = .plain) throws -> [HostTensor] {
    let stack = try checkpoint.scaledBlocks(name, shape: shape)
    advance(stack.storedBytes)
    return (0..<shape[0]).map { expert in
      let own = stack.element(expert)
      return HostTensor(
        name: name, format: .mxfp4, shape: own.shape, bytes: own.bytes, scales: own.scales, rowOrder: rowOrder,
        source: own.source, owner: own.owner)
    }
  }
}
