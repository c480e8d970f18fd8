/// What the patterns of a tokenizer ask of a scalar: its general category, `\s`, `\w`, whether it is Han.
///
/// Hugging Face's `tokenizers` (0.23) knows Unicode 16, where a letter or digit of a later version is "other". Swift's
/// tables may be newer, so a scalar counts only if it was assigned by `engineVersion`; with that, all 1,112,064
/// scalars agree (`Tests/Fixtures/tokenizers/classes.txt`).
struct ScalarClasses: OptionSet, Sendable, Hashable {
  let rawValue: UInt64

  /// One bit for each general category of two letters, in the order of `categories`.
  private static let categories = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc",
    "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]

  static let letter = category("L") ?? []
  static let number = category("N") ?? []
  static let punctuation = category("P") ?? []
  static let decimal = category("Nd") ?? []
  static let mark = category("M") ?? []
  static let space = ScalarClasses(rawValue: 1 << 40)
  /// `\w` of Rust's regular expressions: alphabetic, marks, decimal digits, connectors, joiners.
  static let word = ScalarClasses(rawValue: 1 << 41)
  /// `\w` of Oniguruma: the same without joiners, but with the superscripts and fractions of Latin-1.
  static let patternWord = ScalarClasses(rawValue: 1 << 44)
  /// CR or LF.
  static let newline = ScalarClasses(rawValue: 1 << 42)
  static let han = ScalarClasses(rawValue: 1 << 43)

  /// The categories whose names begin with `name`, such as `L` or `Lu`; nil if there are none.
  static func category(_ name: String) -> ScalarClasses? {
    let bits = categories.enumerated().filter { $1.hasPrefix(name) }.map { UInt64(1) << UInt64($0.offset) }
    return name.isEmpty || bits.isEmpty ? nil : ScalarClasses(rawValue: bits.reduce(0, |))
  }

  /// The Unicode version of the tables in `tokenizers`.
  private static let engineVersion = (major: 16, minor: 0)

  /// The scalars of alphabets, and most punctuation: what most texts have, and all that opening a tokenizer asks of.
  private static let alphabets: Range<UInt32> = 0..<0x3000
  /// The others that need a table: above it only marks and controls of plane 14 and private use have a class.
  private static let others: Range<UInt32> = 0x3000..<0x34000

  private static let table = ScalarTable(alphabets)
  /// Made when the first of them comes, which takes ten times as long.
  private static let tableOfOthers = ScalarTable(others)

  /// The classes of a scalar.
  @inline(__always)
  static func of(_ scalar: UInt32) -> ScalarClasses {
    if scalar < alphabets.upperBound { return table[scalar] }
    return scalar < others.upperBound ? tableOfOthers[scalar] : classify(scalar)
  }

  /// Found anew.
  static func classify(_ value: UInt32) -> ScalarClasses {
    let unassigned = ScalarClasses(rawValue: 1 << 29)
    guard let scalar = Unicode.Scalar(value) else { return ScalarClasses(rawValue: 1 << 27) }
    let properties = scalar.properties
    guard let age = properties.age, (age.major, age.minor) <= engineVersion else { return unassigned }
    let category = properties.generalCategory
    var classes = ScalarClasses(rawValue: 1 << place(of: category))
    switch category {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark:
      classes.formUnion([.word, .patternWord])
    default: break
    }
    if properties.isAlphabetic { classes.formUnion([.word, .patternWord]) }
    if properties.isJoinControl { classes.insert(.word) }
    if [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE].contains(value) { classes.insert(.patternWord) }
    if properties.isWhitespace { classes.insert(.space) }
    if value == 0x0A || value == 0x0D { classes.insert(.newline) }
    if hanRanges.contains(where: { $0.contains(value) }) { classes.insert(.han) }
    return classes
  }

  private static func place(of category: Unicode.GeneralCategory) -> UInt64 {
    switch category {
    case .uppercaseLetter: 0
    case .lowercaseLetter: 1
    case .titlecaseLetter: 2
    case .modifierLetter: 3
    case .otherLetter: 4
    case .nonspacingMark: 5
    case .spacingMark: 6
    case .enclosingMark: 7
    case .decimalNumber: 8
    case .letterNumber: 9
    case .otherNumber: 10
    case .connectorPunctuation: 11
    case .dashPunctuation: 12
    case .openPunctuation: 13
    case .closePunctuation: 14
    case .initialPunctuation: 15
    case .finalPunctuation: 16
    case .otherPunctuation: 17
    case .mathSymbol: 18
    case .currencySymbol: 19
    case .modifierSymbol: 20
    case .otherSymbol: 21
    case .spaceSeparator: 22
    case .lineSeparator: 23
    case .paragraphSeparator: 24
    case .control: 25
    case .format: 26
    case .surrogate: 27
    case .privateUse: 28
    case .unassigned: 29
    @unknown default: 29
    }
  }

  /// The script Han (Unicode 16, Scripts.txt).
  private static let hanRanges: [ClosedRange<UInt32>] = [
    0x2E80...0x2E99, 0x2E9B...0x2EF3, 0x2F00...0x2FD5, 0x3005...0x3005, 0x3007...0x3007, 0x3021...0x3029,
    0x3038...0x303B, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFA6D, 0xFA70...0xFAD9, 0x16FE2...0x16FE3,
    0x16FF0...0x16FF1, 0x20000...0x2A6DF, 0x2A700...0x2B739, 0x2B740...0x2B81D, 0x2B820...0x2CEA1, 0x2CEB0...0x2EBE0,
    0x2EBF0...0x2EE5D, 0x2F800...0x2FA1D, 0x30000...0x3134A, 0x31350...0x323AF,
  ]
}
