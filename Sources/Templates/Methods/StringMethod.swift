/// A call of a method of Python's `str`.
struct StringMethod {
  let receiver: Text
  let name: String
  let arguments: CallArguments
  let renderer: Renderer

  init(_ receiver: Text, _ name: String, _ arguments: CallArguments, _ renderer: Renderer) {
    self.receiver = receiver
    self.name = name
    self.arguments = arguments
    self.renderer = renderer
  }

  var string: String { receiver.string }

  func call() throws -> Value {
    try renderer.budget.spend(string.utf8.count / 8)
    switch name {
    case "strip", "lstrip", "rstrip": return try stripped()
    case "lower", "upper", "title", "capitalize", "swapcase", "casefold": return try cased()
    case "startswith", "endswith": return .bool(try hasEnd())
    case "split", "rsplit", "splitlines", "partition", "rpartition": return try parts()
    case "find", "rfind", "index", "rindex", "count": return .int(try found())
    case "replace": return try replaced()
    case "removeprefix", "removesuffix": return try withoutEnd()
    case "join": return try joined()
    case "format": return try make(BraceFormat.text(string, arguments, renderer))
    case "format_map":
      guard case .dict(let dict)? = try arguments.values("mapping", of: name)[0] else { throw wrong("a mapping") }
      let named = try dict.entries.map { (name: try $0.printed(), value: $1) }
      return try make(BraceFormat.text(string, CallArguments(named: named), renderer))
    case "center", "ljust", "rjust", "zfill": return try padded()
    case "expandtabs", "encode", "maketrans", "translate":
      throw Problem("the method \"\(name)\" of strings is not supported")
    default:
      _ = try arguments.values(of: name)
      return .bool(PythonCase.has(name, string))
    }
  }

  private func wrong(_ expected: String) -> Problem { Problem("\(name) of a string expects \(expected)") }

  private func make(_ text: String) throws -> Value { try renderer.text(text, isMarkup: receiver.isMarkup) }

  func text(_ value: Value?) throws -> String? {
    switch value {
    case nil, Value.none?: return nil
    case .text(let text)?: return text.string
    default: throw wrong("a string")
    }
  }

  func integer(_ value: Value?, default fallback: Int) throws -> Int {
    guard let value else { return fallback }
    guard let integer = value.integer else { throw wrong("an integer") }
    return integer
  }

  private func stripped() throws -> Value {
    let wanted = try text(arguments.values("chars", of: name)[0]).map { Set($0.unicodeScalars) }
    let isRemoved: (Unicode.Scalar) -> Bool = { wanted?.contains($0) ?? $0.isPythonSpace }
    return try make(string.stripped(left: name != "rstrip", right: name != "lstrip", isRemoved))
  }

  private func cased() throws -> Value {
    _ = try arguments.values(of: name)
    switch name {
    case "lower", "casefold": return try make(PythonCase.lower(string))
    case "upper": return try make(string.uppercased())
    case "title": return try make(PythonCase.title(string))
    case "capitalize": return try make(PythonCase.capitalised(string))
    default: return try make(PythonCase.swapped(string))
    }
  }

  /// The part of the string that the optional start and end leave.
  private func bounded(_ start: Value?, _ end: Value?) throws -> (text: String, start: Int) {
    if start == nil, end == nil { return (string, 0) }
    let scalars = Array(receiver.scalars)
    func bound(_ value: Value?) throws -> Int? {
      if case Value.none? = value { return nil }
      return try value.map { try integer($0, default: 0) }
    }
    let places = Renderer.places(scalars.count, try bound(start), try bound(end), 1)
    return (String(String.UnicodeScalarView(places.map { scalars[$0] })), places.first ?? 0)
  }

  private func hasEnd() throws -> Bool {
    let values = try arguments.values("affix", "start", "end", of: name)
    let (string, _) = try bounded(values[1], values[2])
    func has(_ affix: Value) throws -> Bool {
      guard case .text(let affix) = affix else { throw wrong("a string or a tuple of strings") }
      let part = affix.string.utf8
      return name == "startswith"
        ? string.utf8.starts(with: part) : string.utf8.reversed().starts(with: part.reversed())
    }
    guard let affix = values[0] else { throw wrong("a string") }
    if case .list(let list) = affix, list.isTuple { return try list.items.contains { try has($0) } }
    return try has(affix)
  }

  private func found() throws -> Int {
    let values = try arguments.values("sub", "start", "end", of: name)
    guard let part = try text(values[0]) else { throw wrong("a string") }
    let (string, start) = try bounded(values[1], values[2])
    if name == "count" {
      return part.isEmpty ? string.unicodeScalars.count + 1 : string.parts(separatedBy: part).count - 1
    }
    let range = name.hasPrefix("r") ? string.lastRange(of: part) : string.firstRange(of: part)
    guard let range else {
      if name.hasSuffix("find") { return -1 }
      throw Problem("\(name): the string is not there")
    }
    return start + string.unicodeScalars[..<range.lowerBound].count
  }

  private func withoutEnd() throws -> Value {
    guard let affix = try text(arguments.values("affix", of: name)[0]) else { throw wrong("a string") }
    let count = affix.utf8.count
    if name == "removeprefix" {
      return try make(string.utf8.starts(with: affix.utf8) ? String(Substring(string.utf8.dropFirst(count))) : string)
    }
    return try make(
      string.utf8.reversed().starts(with: affix.utf8.reversed())
        ? String(Substring(string.utf8.dropLast(count))) : string)
  }

  private func replaced() throws -> Value {
    let values = try arguments.values("old", "new", "count", of: name)
    guard let old = try text(values[0]), let new = try text(values[1]) else { throw wrong("two strings") }
    return try make(renderer.replaced(string, old, new, limit: try integer(values[2], default: -1)))
  }

  private func joined() throws -> Value {
    guard let values = try arguments.values("iterable", of: name)[0] else { throw wrong("strings") }
    let parts = try renderer.elements(values).map { value in
      guard case .text(let text) = value else { throw wrong("strings, found \(value.kind)") }
      return receiver.isMarkup && !text.isMarkup ? Text.escaped(text.string) : text.string
    }
    return try make(renderer.joined(parts, string))
  }

  private func padded() throws -> Value {
    let values = try arguments.values("width", "fillchar", of: name)
    guard let width = values[0] else { throw wrong("a width") }
    let fill = name == "zfill" ? "0" : try text(values[1]) ?? " "
    return try make(renderer.padded(string, to: integer(width, default: 0), with: fill, name))
  }
}
