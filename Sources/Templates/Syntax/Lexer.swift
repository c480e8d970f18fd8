/// Cuts a template into tokens, with `trim_blocks` and `lstrip_blocks` on, as `transformers` sets them.
struct Lexer {
  let source: [Unicode.Scalar]
  private let name: String
  var position = 0
  var line = 1
  var tokens: [Token] = []
  /// Whether what came before ended a line.
  private var isLineStart = true

  /// - Throws: `TemplateError` naming the line.
  static func tokens(of text: String, source name: String) throws -> [Token] {
    var lexer = Lexer(text, name)
    try lexer.run()
    return lexer.tokens
  }

  private init(_ text: String, _ name: String) {
    self.name = name
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(text.utf8.count)
    var isAfterReturn = false
    for scalar in text.unicodeScalars {
      // Each of CR LF, CR and LF ends a line.
      if !(isAfterReturn && scalar == "\n") { scalars.append(scalar == "\r" ? "\n" : scalar) }
      isAfterReturn = scalar == "\r"
    }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
  }

  func error(_ problem: String) -> TemplateError {
    TemplateError(source: name, line: line, problem: problem)
  }

  func at(_ text: StaticString, _ place: Int) -> Bool {
    guard place + text.utf8CodeUnitCount <= source.count else { return false }
    return text.withUTF8Buffer { bytes in
      bytes.indices.allSatisfy { source[place + $0].value == UInt32(bytes[$0]) }
    }
  }

  func string(_ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(source[range]))
  }

  mutating func add(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }

  /// Moves on, counting lines.
  mutating func advance(to end: Int) {
    for index in position..<end where source[index] == "\n" { line += 1 }
    if end > position { isLineStart = source[end - 1] == "\n" }
    position = end
  }

  func afterSpace(_ place: Int) -> Int {
    var place = place
    while place < source.count, source[place].isPythonSpace { place += 1 }
    return place
  }
}

// Text outside of tags.
extension Lexer {
  private mutating func run() throws {
    while position < source.count {
      guard let tag = nextTag() else {
        add(.data(string(position..<source.count)))
        advance(to: source.count)
        break
      }
      let sign = tag + 2 < source.count ? source[tag + 2] : " "
      let isVariable = at("{{", tag)
      addData(to: tag, sign: sign, strips: !isVariable)
      advance(to: tag)
      let body = sign == "-" || sign == "+" ? tag + 3 : tag + 2
      if at("{#", tag) {
        try comment(body)
      } else if !isVariable, let content = rawContent(body) {
        try raw(content)
      } else {
        add(isVariable ? .variableBegin : .blockBegin)
        advance(to: body)
        try inside(isVariable ? "}}" : "%}", trimsLine: !isVariable)
      }
    }
    add(.end)
  }

  private func nextTag() -> Int? {
    var place = position
    while place + 1 < source.count {
      if source[place] == "{", source[place + 1] == "{" || source[place + 1] == "%" || source[place + 1] == "#" {
        return place
      }
      place += 1
    }
    return nil
  }

  private mutating func addData(to end: Int, sign: Unicode.Scalar, strips: Bool) {
    var last = end
    if sign == "-" {
      while last > position, source[last - 1].isPythonSpace { last -= 1 }
    } else if strips, sign != "+" {
      while last > position, source[last - 1] != "\n", source[last - 1].isPythonSpace { last -= 1 }
      let isWholeLine = last > position ? source[last - 1] == "\n" : isLineStart
      if !isWholeLine { last = end }
    }
    if last > position { add(.data(string(position..<last))) }
  }

  /// The place behind a tag's end at `place`, which is given without its sign; nil if it is not there.
  func tagEnd(_ mark: StaticString, at place: Int, trimsLine: Bool) -> Int? {
    if at(mark, place) {
      return trimsLine && place + 2 < source.count && source[place + 2] == "\n" ? place + 3 : place + 2
    }
    guard place < source.count, at(mark, place + 1) else { return nil }
    if source[place] == "-" { return afterSpace(place + 3) }
    return trimsLine && source[place] == "+" ? place + 3 : nil
  }

  private mutating func comment(_ body: Int) throws {
    for place in body..<max(body, source.count) {
      if let end = tagEnd("#}", at: place, trimsLine: true) { return advance(to: end) }
    }
    throw error("the comment has no end")
  }

  /// Where the content of `{% raw %}` begins, if it is one.
  private func rawContent(_ body: Int) -> Int? {
    let word = afterSpace(body)
    guard at("raw", word) else { return nil }
    let end = afterSpace(word + 3)
    if at("%}", end) { return end + 2 }
    return at("-%}", end) ? afterSpace(end + 3) : nil
  }

  private mutating func raw(_ content: Int) throws {
    advance(to: content)
    for place in content..<max(content, source.count) where at("{%", place) {
      let sign = place + 2 < source.count ? source[place + 2] : " "
      let word = afterSpace(sign == "-" || sign == "+" ? place + 3 : place + 2)
      guard at("endraw", word), let end = tagEnd("%}", at: afterSpace(word + 6), trimsLine: true) else { continue }
      addData(to: place, sign: sign, strips: true)
      return advance(to: end)
    }
    throw error("the raw block has no end")
  }
}
