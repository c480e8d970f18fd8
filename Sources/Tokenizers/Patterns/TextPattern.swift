/// What a text is cut at or searched for: a string or a regular expression.
enum TextPattern: Sendable {
  case literal([UInt8])
  case expression(PatternProgram)

  init(expression: String) throws(PatternProblem) {
    self = .expression(try PatternProgram(PatternParser.node(of: expression)))
  }

  /// Calls `body` with each match, in order, without overlap. None is empty.
  func forEachMatch(in bytes: [UInt8], _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    switch self {
    case .literal(let literal):
      guard let first = literal.first else { return }
      var start = range.lowerBound
      while start + literal.count <= range.upperBound, let place = bytes[start..<range.upperBound].firstIndex(of: first)
      {
        if bytes[place..<range.upperBound].starts(with: literal) {
          body(place..<place + literal.count)
          start = place + literal.count
        } else {
          start = place + 1
        }
      }
    case .expression(let program):
      var matcher = PatternMatcher(program, in: bytes, range)
      var start = range.lowerBound
      while let match = matcher.next(from: start) {
        body(match)
        start = match.upperBound
      }
    }
  }
}
