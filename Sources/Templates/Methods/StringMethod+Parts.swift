// Cutting strings.
extension StringMethod {
  func parts() throws -> Value {
    switch name {
    case "split", "rsplit": return try split()
    case "splitlines": return try lines()
    default: return try partition()
    }
  }

  private func texts(_ parts: [String], isTuple: Bool = false) throws -> Value {
    try renderer.list(parts.map { .text(Text($0, isMarkup: receiver.isMarkup)) }, isTuple: isTuple)
  }

  private func split() throws -> Value {
    let values = try arguments.values("sep", "maxsplit", of: name)
    let given = try integer(values[1], default: -1)
    let limit = given < 0 ? Int.max : given
    guard let separator = try text(values[0]) else {
      return try texts(name == "split" ? wordsFromStart(limit) : wordsFromEnd(limit))
    }
    if separator.isEmpty { throw Problem("\(name) with an empty separator") }
    return try texts(string.parts(separatedBy: separator, limit: limit, fromEnd: name == "rsplit"))
  }

  /// The words between white space; the last takes the rest once the limit is reached.
  private func wordsFromStart(_ limit: Int) -> [String] {
    var words: [String] = []
    var rest = receiver.scalars.drop(while: \.isPythonSpace)
    while !rest.isEmpty {
      if words.count == limit {
        words.append(String(String.UnicodeScalarView(rest)))
        break
      }
      let word = rest.prefix { !$0.isPythonSpace }
      words.append(String(String.UnicodeScalarView(word)))
      rest = rest[word.endIndex...].drop(while: \.isPythonSpace)
    }
    return words
  }

  private func wordsFromEnd(_ limit: Int) -> [String] {
    var words: [String] = []
    var rest = receiver.scalars[...]
    func dropSpace() { while let last = rest.last, last.isPythonSpace { rest.removeLast() } }
    dropSpace()
    while !rest.isEmpty {
      if words.count == limit {
        words.append(String(String.UnicodeScalarView(rest)))
        break
      }
      let start = rest.lastIndex(where: \.isPythonSpace).map { rest.index(after: $0) } ?? rest.startIndex
      words.append(String(String.UnicodeScalarView(rest[start...])))
      rest = rest[..<start]
      dropSpace()
    }
    return words.reversed()
  }

  private func lines() throws -> Value {
    let keeps = try arguments.values("keepends", of: name)[0]?.isTrue ?? false
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var isAfterReturn = false
    for scalar in receiver.scalars {
      if isAfterReturn, scalar == "\n" {
        if keeps { lines[lines.count - 1].unicodeScalars.append(scalar) }
        isAfterReturn = false
        continue
      }
      isAfterReturn = scalar == "\r"
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        if keeps { line.append(scalar) }
        lines.append(String(line))
        line = .init()
      default: line.append(scalar)
      }
    }
    return try texts(line.isEmpty ? lines : lines + [String(line)])
  }

  private func partition() throws -> Value {
    guard let separator = try text(arguments.values("sep", of: name)[0]), !separator.isEmpty else {
      throw Problem("\(name) needs a separator that is not empty")
    }
    let isFirst = name == "partition"
    guard let range = isFirst ? string.firstRange(of: separator) : string.lastRange(of: separator) else {
      return try texts(isFirst ? [string, "", ""] : ["", "", string], isTuple: true)
    }
    return try texts(
      [String(string[..<range.lowerBound]), separator, String(string[range.upperBound...])], isTuple: true)
  }
}
