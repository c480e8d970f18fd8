/// Reads regular expressions as the pre-tokenizers of `tokenizers` spell them (Oniguruma's Ruby syntax).
struct PatternParser {
  let scalars: [Unicode.Scalar]
  var position = 0
  var depth = 0
  var ignoresCase = false

  static func node(of expression: String) throws(PatternProblem) -> PatternNode {
    var parser = PatternParser(scalars: Array(expression.unicodeScalars))
    let node = try parser.alternatives()
    if parser.position < parser.scalars.count { throw PatternProblem(text: "an unexpected \")\"") }
    return node
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  mutating func take(_ text: StaticString) -> Bool {
    let wanted = Array(text.description.unicodeScalars)
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  mutating func taken() throws(PatternProblem) -> Unicode.Scalar {
    guard let scalar = next else { throw PatternProblem(text: "it ends too early") }
    position += 1
    return scalar
  }

  private mutating func alternatives() throws(PatternProblem) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    if depth > 50 { throw PatternProblem(text: "groups nested more than 50 deep") }
    var result = [try sequence()]
    while take("|") { result.append(try sequence()) }
    return result.count == 1 ? result[0] : .alternatives(result)
  }

  private mutating func sequence() throws(PatternProblem) -> PatternNode {
    // An option such as (?i) holds to the end of the group.
    let outside = ignoresCase
    defer { ignoresCase = outside }
    var parts: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if let option = takeOption() {
        ignoresCase = option
        continue
      }
      parts.append(try quantified(atom()))
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
  }

  private mutating func takeOption() -> Bool? {
    take("(?i)") ? true : take("(?-i)") ? false : nil
  }

  private mutating func quantified(_ atom: PatternNode) throws(PatternProblem) -> PatternNode {
    var node = atom
    while let (minimum, maximum) = try takeQuantifier() {
      if case .edge = node { throw PatternProblem(text: "a quantifier behind an anchor") }
      // In Ruby's syntax `{2}?` and `{2,3}+` are quantifiers of what is quantified already.
      let isBraced = scalars[position - 1] == "}"
      var mode = PatternNode.Mode.greedy
      if !(isBraced && minimum == maximum), take("?") {
        mode = .lazy
      } else if !isBraced, take("+") {
        mode = .possessive
      }
      node = .repeated(node, minimum: minimum, maximum: maximum, mode)
    }
    return node
  }

  private mutating func takeQuantifier() throws(PatternProblem) -> (Int, Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    guard next == "{" else { return nil }
    let start = position
    position += 1
    let minimum = number()
    let hasComma = take(",")
    let maximum = hasComma ? number() : minimum
    guard take("}"), minimum != nil || maximum != nil else {
      position = start
      return nil
    }
    let low = minimum ?? 0
    if let maximum, maximum < low { throw PatternProblem(text: "a repetition {\(low),\(maximum)}") }
    if max(low, maximum ?? 0) > 1000 { throw PatternProblem(text: "a repetition of more than 1000") }
    return (low, maximum)
  }

  private mutating func number() -> Int? {
    let digits = scalars[position...].prefix { ("0"..."9").contains($0) }.prefix(6)
    position += digits.count
    return Int(String(String.UnicodeScalarView(digits)))
  }

  private mutating func atom() throws(PatternProblem) -> PatternNode {
    let scalar = try taken()
    switch scalar {
    case "(": return try group()
    case "[":
      var set = try bracket()
      set.finish()
      return .set(set)
    case ".": return .set(ScalarSet(scalars: [0x0A], isNegated: true))
    case "^": return .edge(.lineStart)
    case "$": return .edge(.lineEnd)
    case "\\": return try escape()
    case "*", "+", "?": throw PatternProblem(text: "a quantifier with nothing before it")
    default: return .set(literal(scalar))
    }
  }

  /// A character; ignoring case, also what differs from it in case only.
  func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
    guard ignoresCase else { return ScalarSet(scalars: [scalar.value]) }
    return ScalarSet(scalars: Self.variants(scalar))
  }

  static func variants(_ scalar: Unicode.Scalar) -> [UInt32] {
    var variants: Set<UInt32> = [scalar.value]
    for mapping in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
      let mapped = Array(mapping.unicodeScalars)
      if mapped.count == 1 { variants.insert(mapped[0].value) }
    }
    // The long s and the sign for Kelvin are the only others whose case is an ASCII letter.
    if !variants.isDisjoint(with: [0x53, 0x73]) { variants.insert(0x17F) }
    if !variants.isDisjoint(with: [0x4B, 0x6B]) { variants.insert(0x212A) }
    return Array(variants)
  }

  private mutating func group() throws(PatternProblem) -> PatternNode {
    let outside = ignoresCase
    defer { ignoresCase = outside }
    var wrap: (PatternNode) -> PatternNode = { $0 }
    if take("?:") {
    } else if take("?i:") {
      ignoresCase = true
    } else if take("?-i:") {
      ignoresCase = false
    } else if take("?>") {
      wrap = { .atomic($0) }
    } else if take("?=") {
      wrap = { .look($0, isBehind: false, isNegative: false) }
    } else if take("?!") {
      wrap = { .look($0, isBehind: false, isNegative: true) }
    } else if take("?<=") {
      wrap = { .look($0, isBehind: true, isNegative: false) }
    } else if take("?<!") {
      wrap = { .look($0, isBehind: true, isNegative: true) }
    } else if next == "?" {
      throw PatternProblem(
        text: "the group (?\(position + 1 < scalars.count ? "\(scalars[position + 1])" : "") is not supported")
    }
    let node = try alternatives()
    guard take(")") else { throw PatternProblem(text: "a group has no end") }
    return wrap(node)
  }
}
