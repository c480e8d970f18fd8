/// Reads scalars of UTF-8 that is known to be valid.
enum UTF8Reader {
  /// The scalar at `index`, which moves behind it. `index` must be the first byte of a scalar.
  @inline(__always)
  static func scalar(at index: inout Int, in bytes: [UInt8]) -> UInt32 {
    let lead = UInt32(bytes[index])
    if lead < 0x80 {
      index += 1
      return lead
    }
    if lead < 0xE0 {
      defer { index += 2 }
      return (lead & 0x1F) << 6 | UInt32(bytes[index + 1] & 0x3F)
    }
    if lead < 0xF0 {
      defer { index += 3 }
      return (lead & 0x0F) << 12 | UInt32(bytes[index + 1] & 0x3F) << 6 | UInt32(bytes[index + 2] & 0x3F)
    }
    defer { index += 4 }
    return (lead & 0x07) << 18 | UInt32(bytes[index + 1] & 0x3F) << 12 | UInt32(bytes[index + 2] & 0x3F) << 6
      | UInt32(bytes[index + 3] & 0x3F)
  }

  /// The start of the scalar that ends at `index`, which must be above the start of the text.
  static func start(before index: Int, in bytes: [UInt8]) -> Int {
    var start = index - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  /// How many bytes at the end are the start of a scalar whose other bytes may still come: 0 to 3.
  ///
  /// Bytes which no continuation can make valid (Unicode, table 3-7) do not count.
  static func incompleteSuffix(of bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let lead = bytes[bytes.count - length]
      if lead & 0xC0 == 0x80 { continue }
      let whole = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1
      guard length < whole else { return 0 }
      guard length > 1 else { return 1 }
      let second = bytes[bytes.count - length + 1]
      let allowed: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      return allowed.contains(second) ? length : 0
    }
    return 0
  }
}
