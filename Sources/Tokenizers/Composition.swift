import Foundation

/// Unicode normalisation as the `tokenizers` package does it.
///
/// Its tables are those of Unicode 9: any later scalar is a plain starter that neither decomposes nor composes.
/// Decompositions come from Foundation one scalar at a time; reordering and composing are done here, because
/// Foundation's own form C of longer texts differs (it leaves Hangul LV + T apart).
struct Composition: Sendable {
  static let canonical = Composition(isCompatible: false)
  static let compatible = Composition(isCompatible: true)

  private static let engineVersion = (major: 9, minor: 0)
  private static let tableSize: UInt32 = 0x30000

  /// Full decompositions, without Hangul.
  private var decompositions: [UInt32: [UInt32]] = [:]
  /// Canonical combining classes that are not 0.
  private var classes: [UInt32: UInt8] = [:]
  /// `first << 32 | second` → their composite, without Hangul.
  private var composites: [UInt64: UInt32] = [:]
  /// The scalars without which every text is normalised: marks, second parts of composites, and what decomposes for good.
  private var mayChange = [Bool](repeating: false, count: Int(tableSize))
  private var decomposes = [Bool](repeating: false, count: Int(tableSize))

  private init(isCompatible: Bool) {
    var primary: [(scalar: UInt32, parts: [UInt32])] = []
    for value in 0xA0..<Self.tableSize where !Self.isIdeograph(value) && !Hangul.isSyllable(value) {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age,
        (age.major, age.minor) <= Self.engineVersion
      else { continue }
      let order = UInt8(truncatingIfNeeded: scalar.properties.canonicalCombiningClass.rawValue)
      if order != 0 {
        classes[value] = order
        mayChange[Int(value)] = true
      }
      let canonical = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars.map(\.value)
      let parts = isCompatible ? Self.compatibleParts(scalar) : canonical
      if parts != [value] {
        decompositions[value] = parts
        decomposes[Int(value)] = true
      }
      if parts != canonical { mayChange[Int(value)] = true }
      if canonical == [value] { continue }
      if scalar.properties.isFullCompositionExclusion {
        mayChange[Int(value)] = true
      } else {
        primary.append((value, canonical))
      }
    }
    // A composite of three parts is the composite of the first two with the third, so the short ones come first.
    for (scalar, parts) in primary.sorted(by: { $0.parts.count < $1.parts.count }) {
      guard let last = parts.last, var first = parts.first else { continue }
      for part in parts.dropFirst().dropLast() { first = composites[Self.key(first, part)] ?? first }
      composites[Self.key(first, last)] = scalar
      mayChange[Int(last)] = true
    }
    for jamo in Hangul.vowels { mayChange[Int(jamo)] = true }
    for jamo in Hangul.trailing { mayChange[Int(jamo)] = true }
  }

  /// Blocks without canonical decompositions, skipped to save time: CJK and Tangut ideographs.
  private static func isIdeograph(_ value: UInt32) -> Bool {
    (0x3400..<0xA000).contains(value) || (0x17000..<0x18D00).contains(value) || (0x20000..<0x2F800).contains(value)
  }

  /// Whether the scalar is a combining mark, as those tables have it.
  static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    guard let age = scalar.properties.age, (age.major, age.minor) <= engineVersion else { return false }
    return !ScalarClasses.of(scalar.value).isDisjoint(with: .mark)
  }

  private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 {
    UInt64(first) << 32 | UInt64(second)
  }

  /// The normalisation form C of valid UTF-8, or nil where it is the text itself.
  func normalised(_ bytes: [UInt8], in range: Range<Int>) -> [UInt8]? {
    guard hasScalar(in: bytes, range, where: { mayChange[Int($0)] }) else { return nil }
    return Self.utf8(composed(decomposed(bytes, in: range)))
  }

  /// The normalisation form D of valid UTF-8, or nil where it is the text itself.
  func decomposedOnly(_ bytes: [UInt8], in range: Range<Int>) -> [UInt8]? {
    guard hasScalar(in: bytes, range, where: { decomposes[Int($0)] || classes[$0] != nil || Hangul.isSyllable($0) })
    else { return nil }
    return Self.utf8(decomposed(bytes, in: range))
  }

  /// Whether a scalar of the tables is in the text for which `isWanted` holds.
  private func hasScalar(in bytes: [UInt8], _ range: Range<Int>, where isWanted: (UInt32) -> Bool) -> Bool {
    guard bytes[range].contains(where: { $0 >= 0x80 }) else { return false }
    var index = range.lowerBound
    while index < range.upperBound {
      let scalar = UTF8Reader.scalar(at: &index, in: bytes)
      if scalar >= 0x80, scalar < Self.tableSize, isWanted(scalar) { return true }
    }
    return false
  }

  private static func utf8(_ scalars: [UInt32]) -> [UInt8] {
    var text = String.UnicodeScalarView()
    for value in scalars {
      if let scalar = Unicode.Scalar(value) { text.append(scalar) }
    }
    return Array(String(text).utf8)
  }

  private static func compatibleParts(_ scalar: Unicode.Scalar) -> [UInt32] {
    String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars.map(\.value)
  }

  private func decomposed(_ bytes: [UInt8], in range: Range<Int>) -> [UInt32] {
    var scalars: [UInt32] = []
    scalars.reserveCapacity(range.count)
    // Where the marks at the end began that are not yet in order.
    var marks = 0
    func append(_ scalar: UInt32) {
      if classes[scalar] == nil {
        sortMarks(&scalars, from: marks)
        scalars.append(scalar)
        marks = scalars.count
      } else {
        scalars.append(scalar)
      }
    }
    var index = range.lowerBound
    while index < range.upperBound {
      let scalar = UTF8Reader.scalar(at: &index, in: bytes)
      if scalar < 0xA0 {
        append(scalar)
      } else if Hangul.isSyllable(scalar) {
        Hangul.decompose(scalar).forEach(append)
      } else if let parts = decompositions[scalar] {
        parts.forEach(append)
      } else {
        append(scalar)
      }
    }
    sortMarks(&scalars, from: marks)
    return scalars
  }

  /// Canonical order: by class, and marks of one class as they came.
  private func sortMarks(_ scalars: inout [UInt32], from start: Int) {
    guard scalars.count - start > 1 else { return }
    let keys = scalars[start...].enumerated().map { (classes[$1] ?? 0, $0, $1) }
    for (place, key) in keys.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }).enumerated() {
      scalars[start + place] = key.2
    }
  }

  private func composed(_ scalars: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(scalars.count)
    var starter: Int?
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let order = classes[scalar] ?? 0
      if let starter, starter == result.count - 1 || lastClass < order,
        let composite = composites[Self.key(result[starter], scalar)] ?? Hangul.compose(result[starter], scalar)
      {
        result[starter] = composite
        continue
      }
      if order == 0 { starter = result.count }
      lastClass = order
      result.append(scalar)
    }
    return result
  }
}
