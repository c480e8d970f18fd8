// Blocks of 32 elements with one scale, as `ggml-common.h` lays them out. Offsets in bytes.
extension BlockFormat {
  /// scale f16 at 0, 32 signed bytes at 2.
  static let q80 = BlockFormat(
    elementCount: 32, byteCount: 34, groupCount: 32, codeBits: 8, scaleFields: [(0, 2)],
    values: (0..<256).map { Float(Int8(truncatingIfNeeded: $0)) },
    codes: { block, codes in for j in 0..<32 { codes[j] = block.byte(2 + j) } },
    scale: { block, _ in (block.half(0), nil) })

  /// scale f16 at 0, nibbles at 2; code − 8.
  static let q40 = BlockFormat(
    elementCount: 32, byteCount: 18, groupCount: 32, codeBits: 4, scaleFields: [(0, 2)], values: counted(16, from: -8),
    codes: { block, codes in codes.writeNibbles(block + 2) }, scale: { block, _ in (block.half(0), nil) })

  /// scale f16 at 0, minimum f16 at 2, nibbles at 4.
  static let q41 = BlockFormat(
    elementCount: 32, byteCount: 20, groupCount: 32, codeBits: 4, scaleFields: [(0, 2), (2, 2)],
    values: counted(16, from: 0), codes: { block, codes in codes.writeNibbles(block + 4) },
    scale: { block, _ in (block.half(0), block.half(2)) })

  /// scale f16 at 0, fifth bits at 2, nibbles at 6; code − 16.
  static let q50 = BlockFormat(
    elementCount: 32, byteCount: 22, groupCount: 32, codeBits: 5, scaleFields: [(0, 2)],
    values: counted(32, from: -16),
    codes: { block, codes in
      codes.writeNibbles(block + 6)
      codes.addFifthBits(block + 2)
    }, scale: { block, _ in (block.half(0), nil) })

  /// scale f16 at 0, minimum f16 at 2, fifth bits at 4, nibbles at 8.
  static let q51 = BlockFormat(
    elementCount: 32, byteCount: 24, groupCount: 32, codeBits: 5, scaleFields: [(0, 2), (2, 2)],
    values: counted(32, from: 0),
    codes: { block, codes in
      codes.writeNibbles(block + 8)
      codes.addFifthBits(block + 4)
    }, scale: { block, _ in (block.half(0), block.half(2)) })

  /// scale f16 at 0, nibbles at 2; a code is a place in a table of unequal steps.
  static let iq4NL = BlockFormat(
    elementCount: 32, byteCount: 18, groupCount: 32, codeBits: 4, scaleFields: [(0, 2)], values: unequalSteps,
    codes: { block, codes in codes.writeNibbles(block + 2) }, scale: { block, _ in (block.half(0), nil) })

  /// exponent at 0, nibbles at 1: FP4 (E2M1) with a shared power of two (OCP Microscaling Formats 1.0). Values are doubled
  /// and scales halved, so that both are exact: scale 2^(exponent − 128).
  static let mxfp4 = BlockFormat(
    elementCount: 32, byteCount: 17, groupCount: 32, codeBits: 4, scaleFields: [(0, 1)],
    values: [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12],
    codes: { block, codes in codes.writeNibbles(block + 1) },
    scale: { block, _ in (halfPower(block.byte(0)), nil) })

  static let unequalSteps: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

  static func counted(_ count: Int, from first: Int) -> [Float] { (0..<count).map { Float(first + $0) } }

  /// 2^(exponent − 128), exact also where it is subnormal.
  private static func halfPower(_ exponent: UInt8) -> Float {
    exponent < 2
      ? Float(bitPattern: 0x0020_0000 << UInt32(exponent)) : Float(bitPattern: UInt32(exponent - 1) << 23)
  }
}
