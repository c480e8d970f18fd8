/// A Unicode normalisation form (UAX #15).
enum UnicodeForm: Sendable {
  case c, d, kc, kd

  /// The form of valid UTF-8, or nil where it is the text itself.
  func normalised(_ bytes: [UInt8], in range: Range<Int>) -> [UInt8]? {
    switch self {
    case .c: Composition.canonical.normalised(bytes, in: range)
    case .d: Composition.canonical.decomposedOnly(bytes, in: range)
    case .kc: Composition.compatible.normalised(bytes, in: range)
    case .kd: Composition.compatible.decomposedOnly(bytes, in: range)
    }
  }
}
