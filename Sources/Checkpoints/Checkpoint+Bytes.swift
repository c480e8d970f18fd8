package import Backend

extension Checkpoint {
  /// The tensor `name` of bytes, which has exactly this `shape`: a part of a quantised weight.
  ///
  /// - Throws: `CheckpointError` naming file and tensor if it is missing or otherwise.
  package func byteTensor(_ name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    guard let tensor = tensor(name) else {
      throw CheckpointError("\(path): tensor \(name): it is missing, expected one of shape \(shape)")
    }
    guard tensor.shape == shape, tensor.format == .u8 else {
      throw CheckpointError(
        "\(tensor.source): tensor \(name): found \(tensor.format.rawValue) of shape \(tensor.shape), expected U8 of "
          + "shape \(shape)")
    }
    return tensor
  }
}
