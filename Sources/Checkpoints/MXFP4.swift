package import Backend

/// Microscaling 4-bit floating point (OCP Microscaling Formats 1.0): blocks of 32 values of 4 bits with a shared exponent,
/// as GPT-OSS checkpoints hold them in a tensor of blocks and one of scales.
package enum MXFP4 {
  package static let blockSize = 32

  /// Sign, two bits of exponent, one of mantissa.
  private static let values: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]

  /// Every `step`-th row from `first` on, widened to bf16, which holds all values that are finite and not denormal exactly.
  ///
  /// - Parameters:
  ///   - blocks: u8 [rows, columns / 32, 16]: two values a byte, the lower half first.
  ///   - scales: u8 [rows, columns / 32]: exponents of 2, plus 127; 255 stands for NaN.
  /// - Returns: [rows / step, columns]
  package static func decode(blocks: HostTensor, scales: HostTensor, from first: Int = 0, by step: Int = 1)
    -> HostTensor
  {
    let blockCount = blocks.shape[1]
    let rows = Array(stride(from: first, to: blocks.shape[0], by: step))
    let columns = blockCount * blockSize
    let bits = [UInt16](unsafeUninitializedCapacity: rows.count * columns) { target, count in
      for (index, row) in rows.enumerated() {
        for block in 0..<blockCount {
          let place = row * blockCount + block
          let table = values(scale: scales.bytes[place])
          for byte in 0..<blockSize / 2 {
            let pair = Int(blocks.bytes[place * (blockSize / 2) + byte])
            let column = index * columns + block * blockSize + 2 * byte
            target.initializeElement(at: column, to: table[pair & 15])
            target.initializeElement(at: column + 1, to: table[pair >> 4])
          }
        }
      }
      count = rows.count * columns
    }
    return HostTensor(name: blocks.name, format: .bf16, shape: [rows.count, columns], values: bits)
  }

  /// The sixteen values under a scale, as bf16.
  private static func values(scale: UInt8) -> [UInt16] {
    let factor = scale == 255 ? Float.nan : Float(sign: .plus, exponent: Int(scale) - 127, significand: 1)
    return values.map { BFloat16.round($0 * factor) }
  }
}
