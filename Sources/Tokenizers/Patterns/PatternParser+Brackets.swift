// Sets in brackets.
extension PatternParser {
  /// A set in brackets, behind the opening one.
  mutating func bracket() throws(PatternProblem) -> ScalarSet {
    depth += 1
    defer { depth -= 1 }
    if depth > 50 { throw PatternProblem(text: "brackets nested more than 50 deep") }
    var set = ScalarSet()
    let isNegated = take("^")
    var isFirst = true
    while true {
      guard let scalar = next else { throw PatternProblem(text: "a bracket has no end") }
      if scalar == "]", !isFirst {
        position += 1
        break
      }
      isFirst = false
      if scalar == "[" { throw PatternProblem(text: "a bracket inside of brackets is not supported") }
      if take("&&") { throw PatternProblem(text: "&& inside of brackets is not supported") }
      try readItem(into: &set)
    }
    if isNegated { set.negate() }
    return set
  }

  private mutating func readItem(into set: inout ScalarSet) throws(PatternProblem) {
    position += 1
    var first = scalars[position - 1]
    if first == "\\" {
      if let item = try classEscape() { return set.insert(item) }
      first = next == "b" ? "\u{8}" : try characterEscape()
      if first == "\u{8}" { position += 1 }
    }
    guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
      return insert(first, into: &set)
    }
    position += 1
    var last = try taken()
    if last == "\\" {
      if try classEscape() != nil { throw PatternProblem(text: "a range of characters that ends with a class") }
      last = try characterEscape()
    }
    guard first.value <= last.value else { throw PatternProblem(text: "a range of characters from high to low") }
    set.insert(first.value...last.value)
    guard ignoresCase else { return }
    for value in first.value...min(last.value, first.value + 1000) {
      if let scalar = Unicode.Scalar(value) { insert(scalar, into: &set) }
    }
  }

  private func insert(_ scalar: Unicode.Scalar, into set: inout ScalarSet) {
    for value in ignoresCase ? Self.variants(scalar) : [scalar.value] { set.insert(value...value) }
  }
}
