/// Python's `str.format`.
enum BraceFormat {
  static func text(_ format: String, _ arguments: CallArguments, _ renderer: Renderer) throws -> String {
    var result = ""
    var automatic = 0
    var rest = Array(format)[...]
    while let character = rest.popFirst() {
      switch character {
      case "{" where rest.first == "{", "}" where rest.first == "}":
        rest.removeFirst()
        result.append(character)
      case "{":
        try renderer.write(field(&rest, arguments, &automatic, renderer), into: &result)
      case "}": throw Problem("a single \"}\" in a format")
      default: result.append(character)
      }
    }
    return result
  }

  private static func field(
    _ rest: inout ArraySlice<Character>, _ arguments: CallArguments, _ automatic: inout Int, _ renderer: Renderer
  ) throws -> String {
    let name = rest.prefix { !"!:}".contains($0) }
    rest = rest.dropFirst(name.count)
    var conversion: Character?
    if rest.first == "!" {
      conversion = rest.dropFirst().first
      rest = rest.dropFirst(2)
    }
    var specification = ""
    if rest.first == ":" {
      rest.removeFirst()
      specification = String(rest.prefix { $0 != "}" })
      rest = rest.dropFirst(specification.count)
    }
    guard rest.popFirst() == "}" else { throw Problem("a format field without an end") }
    if specification.contains("{") { throw Problem("a format field inside a format field is not supported") }
    var value = try self.value(String(name), arguments, &automatic, renderer)
    switch conversion {
    case nil: break
    case "s": value = .string(try renderer.printed(value))
    case "r": value = .string(try value.represented())
    default: throw Problem("an unknown conversion in a format")
    }
    return try FormatSpecification(specification).text(value, renderer)
  }

  /// The value of `0`, `name`, `name.attribute` or `name[item]`.
  private static func value(
    _ path: String, _ arguments: CallArguments, _ automatic: inout Int, _ renderer: Renderer
  ) throws -> Value {
    let first = path.prefix { $0 != "." && $0 != "[" }
    var rest = path.dropFirst(first.count)
    var value: Value
    if first.isEmpty || Int(first) != nil {
      let index = Int(first) ?? automatic
      if first.isEmpty { automatic += 1 }
      guard arguments.positional.indices.contains(index) else { throw Problem("a format has no argument \(index)") }
      value = arguments.positional[index]
    } else {
      guard let named = arguments.named.first(where: { $0.name == first }) else {
        throw Problem("a format has no argument \"\(first)\"")
      }
      value = named.value
    }
    while let mark = rest.popFirst() {
      if mark == "." {
        let name = rest.prefix { $0 != "." && $0 != "[" }
        rest = rest.dropFirst(name.count)
        value = try renderer.attribute(String(name), of: value)
      } else {
        let name = rest.prefix { $0 != "]" }
        rest = rest.dropFirst(name.count + 1)
        value = try renderer.item(Int(name).map { .int($0) } ?? .string(String(name)), of: value)
      }
    }
    return value
  }
}
