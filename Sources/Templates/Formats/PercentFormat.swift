/// Python's `format % value`.
enum PercentFormat {
  static func text(_ format: String, _ value: Value, _ renderer: Renderer) throws -> String {
    var values = [value][...]
    if case .list(let list) = value, list.isTuple { values = list.items[...] }
    var result = ""
    var rest = Array(format)[...]
    var usesNames = false
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      var name: String?
      if rest.first == "(" {
        name = String(rest.dropFirst().prefix { $0 != ")" })
        rest = rest.dropFirst((name ?? "").count + 2)
        usesNames = true
      }
      var specification = FormatSpecification()
      try readOptions(&rest, &specification)
      guard let letter = rest.popFirst() else { throw Problem("a format ends behind %") }
      if letter == "%" {
        result.append("%")
        continue
      }
      let item: Value
      if let name {
        item = try renderer.item(.string(name), of: value)
      } else {
        guard let next = values.popFirst() else { throw Problem("too few values for a format") }
        item = next
      }
      try renderer.write(text(item, letter, specification, renderer), into: &result)
    }
    var isMapping = false
    if case .dict = value { isMapping = true }
    if !values.isEmpty, !usesNames, !isMapping { throw Problem("too many values for a format") }
    return result
  }

  private static func readOptions(
    _ rest: inout ArraySlice<Character>, _ specification: inout FormatSpecification
  ) throws {
    specification.alignment = ">"
    while let flag = rest.first, "-+ #0".contains(flag) {
      switch flag {
      case "-": (specification.alignment, specification.fill) = ("<", " ")
      case "0" where specification.alignment != "<": (specification.alignment, specification.fill) = ("=", "0")
      case "+", " ": specification.sign = flag
      case "#": specification.isAlternate = true
      default: break
      }
      rest.removeFirst()
    }
    specification.width = try FormatSpecification.number(&rest) ?? 0
    if rest.first == "." {
      rest.removeFirst()
      specification.precision = try FormatSpecification.number(&rest) ?? 0
    }
  }

  private static func text(
    _ value: Value, _ letter: Character, _ specification: FormatSpecification, _ renderer: Renderer
  ) throws -> String {
    var specification = specification
    switch letter {
    case "s", "r", "a":
      if specification.fill == "0" { (specification.alignment, specification.fill) = (">", " ") }
      let text = letter == "s" ? try renderer.printed(value) : try value.represented()
      return try specification.text(.string(text), renderer)
    case "d", "i", "u":
      guard let number = value.number, number.magnitude < 9e18 else {
        throw Problem("%\(letter) needs a number, found \(value.kind)")
      }
      specification.kind = "d"
      specification.precision = nil
      return try specification.text(.int(value.integer ?? Int(number)), renderer)
    case "x", "X", "o", "c":
      guard let integer = value.integer else { throw Problem("%\(letter) needs an integer, found \(value.kind)") }
      specification.kind = letter
      return try specification.text(.int(integer), renderer)
    case "e", "E", "f", "F", "g", "G":
      guard let number = value.number else { throw Problem("%\(letter) needs a number, found \(value.kind)") }
      specification.kind = letter
      return try specification.text(.double(number), renderer)
    default: throw Problem("%\(letter) is no known format")
    }
  }
}
