// What stands behind a backslash.
extension PatternParser {
  mutating func escape() throws(PatternProblem) -> PatternNode {
    switch next {
    case "b": return edge(.wordBoundary)
    case "B": return edge(.noWordBoundary)
    case "A": return edge(.textStart)
    case "z": return edge(.textEnd)
    case "Z": return edge(.textEndOrNewline)
    default: break
    }
    if let set = try classEscape() { return .set(set) }
    return .set(literal(try characterEscape()))
  }

  private mutating func edge(_ edge: PatternNode.Edge) -> PatternNode {
    position += 1
    return .edge(edge)
  }

  /// `\s`, `\p{L}` and the like behind the backslash; nil for others.
  mutating func classEscape() throws(PatternProblem) -> ScalarSet? {
    guard let letter = next else { throw PatternProblem(text: "it ends behind a backslash") }
    let classes: ScalarClasses
    switch letter {
    case "s", "S": classes = .space
    case "d", "D": classes = .decimal
    case "w", "W": classes = .patternWord
    case "p", "P":
      position += 1
      return try property(isNegated: letter == "P")
    default: return nil
    }
    position += 1
    return ScalarSet(classes, isNegated: letter.properties.isUppercase)
  }

  private mutating func property(isNegated: Bool) throws(PatternProblem) -> ScalarSet {
    var name = ""
    var isNegated = isNegated
    if take("{") {
      if take("^") { isNegated.toggle() }
      while let scalar = next, scalar != "}" {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}") else { throw PatternProblem(text: "\\p{ has no end") }
    } else {
      name = String(try taken())
    }
    switch name {
    case "Han": return ScalarSet(.han, isNegated: isNegated)
    case "Alnum": return ScalarSet([.letter, .number, .mark], isNegated: isNegated)
    case "Space": return ScalarSet(.space, isNegated: isNegated)
    default:
      guard let classes = ScalarClasses.category(name) else {
        throw PatternProblem(text: "the property \\p{\(name)} is not supported")
      }
      return ScalarSet(classes, isNegated: isNegated)
    }
  }

  mutating func characterEscape() throws(PatternProblem) -> Unicode.Scalar {
    let letter = try taken()
    switch letter {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "f": return "\u{C}"
    case "v": return "\u{B}"
    case "0": return "\0"
    case "x": return try take("{") ? hexadecimal(1...8, isBraced: true) : hexadecimal(1...2)
    case "u": return try take("{") ? hexadecimal(1...8, isBraced: true) : hexadecimal(4...4)
    case _ where letter.isASCII && letter.properties.isAlphabetic, "1"..."9":
      throw PatternProblem(text: "the escape \\\(letter) is not supported")
    default: return letter
    }
  }

  private mutating func hexadecimal(
    _ count: ClosedRange<Int>, isBraced: Bool = false
  ) throws(PatternProblem) -> Unicode.Scalar {
    let digits = scalars[position...].prefix(count.upperBound).prefix { $0.properties.isASCIIHexDigit }
    position += digits.count
    guard digits.count >= count.lowerBound, !isBraced || take("}"),
      let scalar = UInt32(String(String.UnicodeScalarView(digits)), radix: 16).flatMap(Unicode.Scalar.init)
    else { throw PatternProblem(text: "an escape that is no character") }
    return scalar
  }
}
