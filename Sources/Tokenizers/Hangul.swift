/// Hangul syllables by arithmetic (Unicode, section 3.12).
enum Hangul {
  static let syllables: UInt32 = 0xAC00
  static let leading: Range<UInt32> = 0x1100..<0x1113
  static let vowels: Range<UInt32> = 0x1161..<0x1176
  /// Without the filler that stands for "no trailing consonant", U+11A7.
  static let trailing: Range<UInt32> = 0x11A8..<0x11C3

  static func isSyllable(_ scalar: UInt32) -> Bool {
    scalar >= syllables && scalar < syllables + 11_172
  }

  static func decompose(_ scalar: UInt32) -> [UInt32] {
    let index = scalar - syllables
    let parts = [leading.lowerBound + index / 588, vowels.lowerBound + index % 588 / 28]
    return index % 28 == 0 ? parts : parts + [trailing.lowerBound - 1 + index % 28]
  }

  static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if leading.contains(first), vowels.contains(second) {
      return syllables + (first - leading.lowerBound) * 588 + (second - vowels.lowerBound) * 28
    }
    if isSyllable(first), (first - syllables) % 28 == 0, trailing.contains(second) {
      return first + (second - trailing.lowerBound + 1)
    }
    return nil
  }
}
