/// What the patterns of a tokenizer ask of a scalar: `\p{L}`, `\p{N}`, `\s`, `\w`.
///
/// Hugging Face's `tokenizers` (0.23) knows Unicode 16, where a letter or digit of a later version is "other". Swift's
/// tables may be newer, so a scalar counts only if it was assigned by `engineVersion`; with that, all 1,112,064
/// scalars agree (`Tests/Fixtures/tokenizers/classes.txt`).
struct ScalarClasses: OptionSet, Sendable {
  let rawValue: UInt8

  static let letter = ScalarClasses(rawValue: 1)
  static let number = ScalarClasses(rawValue: 2)
  static let space = ScalarClasses(rawValue: 4)
  /// `\w` of Rust's regular expressions: alphabetic, marks, decimal digits, connectors, joiners.
  static let word = ScalarClasses(rawValue: 8)
  /// CR or LF.
  static let newline = ScalarClasses(rawValue: 16)

  /// The Unicode version of the tables in `tokenizers`.
  private static let engineVersion = (major: 16, minor: 0)

  /// Above this only marks of plane 14 have a class, which `classify` finds without a table.
  private static let tableSize: UInt32 = 0x34000

  private static let table: [ScalarClasses] = (0..<tableSize).map { classify($0) }

  /// The classes of a scalar.
  @inline(__always)
  static func of(_ scalar: UInt32) -> ScalarClasses {
    scalar < tableSize ? table[Int(scalar)] : classify(scalar)
  }

  private static func classify(_ value: UInt32) -> ScalarClasses {
    guard let scalar = Unicode.Scalar(value) else { return [] }
    let properties = scalar.properties
    guard let age = properties.age, (age.major, age.minor) <= engineVersion else { return [] }
    var classes: ScalarClasses = []
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      classes = [.letter, .word]
    case .decimalNumber: classes = [.number, .word]
    case .letterNumber, .otherNumber: classes = .number
    case .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: classes = .word
    default: break
    }
    if properties.isAlphabetic || properties.isJoinControl { classes.insert(.word) }
    if properties.isWhitespace { classes.insert(.space) }
    if value == 0x0A || value == 0x0D { classes.insert(.newline) }
    return classes
  }
}
