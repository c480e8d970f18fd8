/// GPT-2's alphabet of 256 visible characters, one for each byte, in which byte-level tokens are spelled.
///
/// The bytes 0x21...0x7E, 0xA1...0xAC and 0xAE...0xFF stand for themselves; the others, in order, take U+0100, U+0101
/// and so on. So the space 0x20 is written "Ġ" (U+0120).
enum ByteAlphabet {
  /// The scalar of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte of each scalar below U+0180, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x180)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that a token's spelling (UTF-8) stands for, or nil where a character of it is not of the alphabet.
  static func bytes(of spelling: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(spelling.count)
    var index = 0
    while index < spelling.count {
      let scalar = UTF8Reader.scalar(at: &index, in: spelling)
      guard scalar < UInt32(bytes.count), bytes[Int(scalar)] >= 0 else { return nil }
      result.append(UInt8(truncatingIfNeeded: bytes[Int(scalar)]))
    }
    return result
  }

  /// The spelling (UTF-8) of one byte.
  static func spelling(of byte: UInt8) -> [UInt8] {
    let scalar = scalars[Int(byte)]
    return scalar < 0x80
      ? [UInt8(scalar)] : [0xC0 | UInt8(truncatingIfNeeded: scalar >> 6), 0x80 | UInt8(scalar & 0x3F)]
  }
}
