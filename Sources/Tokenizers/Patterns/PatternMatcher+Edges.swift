// Questions about a place.
extension PatternMatcher {
  func isBehind(_ set: Int, _ position: Int) -> Bool {
    guard position > range.lowerBound else { return false }
    var start = UTF8Reader.start(before: position, in: bytes)
    return program.sets[set].contains(UTF8Reader.scalar(at: &start, in: bytes))
  }

  func isEdge(_ edge: PatternNode.Edge, _ position: Int) -> Bool {
    let isStart = position == range.lowerBound
    let isEnd = position == range.upperBound
    switch edge {
    case .textStart: return isStart
    case .textEnd: return isEnd
    case .lineStart: return isStart || bytes[position - 1] == 0x0A
    case .lineEnd: return isEnd || bytes[position] == 0x0A
    case .textEndOrNewline: return isEnd || position == range.upperBound - 1 && bytes[position] == 0x0A
    case .wordBoundary: return isWordBoundary(position)
    case .noWordBoundary: return !isWordBoundary(position)
    }
  }

  private func isWordBoundary(_ position: Int) -> Bool {
    var before = false
    var behind = false
    if position > range.lowerBound {
      var start = UTF8Reader.start(before: position, in: bytes)
      before = ScalarClasses.of(UTF8Reader.scalar(at: &start, in: bytes)).contains(.patternWord)
    }
    if position < range.upperBound {
      var start = position
      behind = ScalarClasses.of(UTF8Reader.scalar(at: &start, in: bytes)).contains(.patternWord)
    }
    return before != behind
  }
}
