/// Small and capital letters as Python's `str` has them.
enum PythonCase {
  static func lower(_ text: String) -> String {
    guard text.unicodeScalars.contains("\u{3A3}") else { return text.lowercased() }
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      result += scalar == "\u{3A3}" && isFinal(index, scalars) ? "\u{3C2}" : scalar.properties.lowercaseMapping
    }
    return result
  }

  /// Whether a capital sigma ends a word.
  private static func isFinal(_ index: Int, _ scalars: [Unicode.Scalar]) -> Bool {
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased ?? false && !(after?.properties.isCased ?? false)
  }

  static func capitalised(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return text }
    return first.properties.titlecaseMapping + lower(String(String.UnicodeScalarView(text.unicodeScalars.dropFirst())))
  }

  static func title(_ text: String) -> String {
    var result = ""
    var isInWord = false
    for scalar in text.unicodeScalars {
      result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }

  static func swapped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      result += scalar.properties.isUppercase ? scalar.properties.lowercaseMapping : scalar.properties.uppercaseMapping
    }
  }

  /// `isalpha` and the like.
  static func has(_ question: String, _ text: String) -> Bool {
    let scalars = text.unicodeScalars
    switch question {
    case "isascii": return scalars.allSatisfy(\.isASCII)
    case "isprintable": return scalars.allSatisfy(\.isPrintable)
    case "islower": return scalars.contains(where: isLower) && !scalars.contains { isUpper($0) || isTitle($0) }
    case "isupper": return scalars.contains(where: isUpper) && !scalars.contains { isLower($0) || isTitle($0) }
    case "istitle": return scalars.contains(where: \.properties.isCased) && Text.same(title(text), text)
    case "isidentifier":
      return scalars.first.map { $0 == "_" || $0.properties.isXIDStart } ?? false
        && scalars.allSatisfy(\.properties.isXIDContinue)
    default: return !scalars.isEmpty && scalars.allSatisfy { has(question, $0) }
    }
  }

  private static func has(_ question: String, _ scalar: Unicode.Scalar) -> Bool {
    let number = scalar.properties.numericType
    switch question {
    case "isspace": return scalar.isPythonSpace
    case "isalpha": return isLetter(scalar)
    case "isdecimal": return number == .decimal
    case "isdigit": return number == .decimal || number == .digit
    case "isnumeric": return number != nil
    default: return isLetter(scalar) || number != nil
    }
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  private static func isLower(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isLowercase }
  private static func isUpper(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isUppercase }
  private static func isTitle(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .titlecaseLetter
  }
}
