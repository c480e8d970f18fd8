// Blocks of 256 elements whose groups have scales of a few bits, as `ggml-common.h` lays them out. Offsets in bytes.
extension BlockFormat {
  /// scale f16 at 0, scale of the minima f16 at 2, eight pairs of 6 bits at 4, nibbles at 16.
  static let q4K = BlockFormat(
    elementCount: 256, byteCount: 144, groupCount: 32, codeBits: 4, scaleFields: sixBitFields,
    values: counted(16, from: 0),
    codes: { block, codes in for pair in 0..<4 { codes.writeNibblePair(block + 16 + pair * 32, pair) } },
    scale: { block, group in sixBitScale(block, group) })

  /// As Q4_K, with fifth bits at 16 (bit g of byte j: element j of group g) and nibbles at 48.
  static let q5K = BlockFormat(
    elementCount: 256, byteCount: 176, groupCount: 32, codeBits: 5, scaleFields: sixBitFields,
    values: counted(32, from: 0),
    codes: { block, codes in
      for pair in 0..<4 { codes.writeNibblePair(block + 48 + pair * 32, pair) }
      for i in 0..<256 { codes[i] |= (block.byte(16 + i % 32) >> UInt8(i / 32) & 1) << 4 }
    }, scale: { block, group in sixBitScale(block, group) })

  /// lower four bits at 0, upper two at 128, sixteen signed scales at 192, scale f16 at 208; code − 32.
  static let q6K = BlockFormat(
    elementCount: 256, byteCount: 210, groupCount: 16, codeBits: 6,
    scaleFields: [(208, 2), (192, 4), (196, 4), (200, 4), (204, 4)], values: counted(64, from: -32),
    codes: { block, codes in
      for i in 0..<256 {
        let (half, quarter, j) = (i / 128, i % 128 / 32, i % 32)
        let low = block.byte(half * 64 + quarter % 2 * 32 + j) >> UInt8(quarter / 2 * 4) & 15
        let high = block.byte(128 + half * 32 + j) >> UInt8(quarter * 2) & 3
        codes[i] = low | high << 4
      }
    }, scale: { block, group in (block.half(208) * Float(Int8(bitPattern: block.byte(192 + group))), nil) })

  /// scale f16 at 0, upper two bits of eight 6-bit scales at 2, lower four at 4, nibbles at 8; scale − 32.
  static let iq4XS = BlockFormat(
    elementCount: 256, byteCount: 136, groupCount: 32, codeBits: 4, scaleFields: [(0, 2), (2, 2), (4, 4)],
    values: unequalSteps,
    codes: { block, codes in for group in 0..<8 { (codes + group * 32).writeNibbles(block + 8 + group * 16) } },
    scale: { block, group in
      let low = block.byte(4 + group / 2) >> UInt8(group % 2 * 4) & 15
      let high = block.byte(2 + group / 4) >> UInt8(group % 4 * 2) & 3
      return (block.half(0) * Float(Int(low | high << 4) - 32), nil)
    })

  private static var sixBitFields: [(offset: Int, size: Int)] { [(0, 2), (2, 2), (4, 4), (8, 4), (12, 4)] }

  /// The scale and the negative minimum of a group, each 6 bits of the twelve bytes at 4 times an f16.
  private static func sixBitScale(_ block: UnsafeRawPointer, _ group: Int) -> (scale: Float, offset: Float?) {
    let bytes = block + 4
    let scale, minimum: UInt8
    if group < 4 {
      (scale, minimum) = (bytes.byte(group) & 63, bytes.byte(group + 4) & 63)
    } else {
      scale = bytes.byte(group + 4) & 15 | (bytes.byte(group - 4) >> 6) << 4
      minimum = bytes.byte(group + 4) >> 4 | (bytes.byte(group) >> 6) << 4
    }
    return (block.half(0) * Float(scale), -(block.half(2) * Float(minimum)))
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Codes of the groups 2 · `pair` and the one behind it from 32 bytes: the first has the lower four bits.
  fileprivate func writeNibblePair(_ source: UnsafeRawPointer, _ pair: Int) {
    for j in 0..<32 {
      self[pair * 64 + j] = source.byte(j) & 15
      self[pair * 64 + 32 + j] = source.byte(j) >> 4
    }
  }
}
