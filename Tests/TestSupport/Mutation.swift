/// Random damage to a file's bytes, such as a disk, a network or an enemy does.
package struct Mutation {
  /// Numbers that counts, sizes and offsets go wrong with.
  private static let extremes: [UInt64] = [
    0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, 1 << 40, 1 << 62, 1 << 63, .max, .max - 7,
  ]

  /// Changes one to four places of `bytes` below `limit`: bits, bytes, whole numbers, and parts that go or come twice.
  package static func apply(to bytes: [UInt8], below limit: Int, using random: inout SplitMix64) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard !result.isEmpty else { break }
      let place = Int.random(in: 0..<max(1, min(limit, result.count)), using: &random)
      let end = min(result.count, place + Int.random(in: 1...16, using: &random))
      switch Int.random(in: 0..<8, using: &random) {
      case 0: result[place] = UInt8.random(in: 0...255, using: &random)
      case 1: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: result.removeSubrange(place..<end)
      case 3: result.insert(contentsOf: result[place..<end], at: place)
      case 4: result.removeSubrange(place...)
      case 5: result[place] = Array("{}[]\",:-+.eE0123456789 \\".utf8).randomElement(using: &random) ?? 0
      default:
        let number = extremes.randomElement(using: &random) ?? 0
        let size = [4, 8].randomElement(using: &random) ?? 8
        for index in 0..<size where place + index < result.count {
          result[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
      }
    }
    return result
  }
}
