/// Cuts a text at the matches of a pattern.
struct SplitStep: Sendable {
  /// What becomes of the matches.
  enum Behavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    /// Neighbouring matches are one piece.
    case contiguous = "Contiguous"
  }

  let pattern: TextPattern
  let behavior: Behavior
  /// Takes what lies between the matches for them.
  let isInverted: Bool

  init(_ pattern: TextPattern, _ behavior: Behavior, isInverted: Bool = false) {
    self.pattern = pattern
    self.behavior = behavior
    self.isInverted = isInverted
  }

  /// Calls `body` with each piece of `range` that is not empty.
  func forEachPiece(in bytes: [UInt8], _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    guard behavior == .isolated else { return pieces(bytes, range).forEach(body) }
    var start = range.lowerBound
    pattern.forEachMatch(in: bytes, range) { match in
      if start < match.lowerBound { body(start..<match.lowerBound) }
      body(match)
      start = match.upperBound
    }
    if start < range.upperBound { body(start..<range.upperBound) }
  }

  private func pieces(_ bytes: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
    var parts: [(range: Range<Int>, isMatch: Bool)] = []
    var start = range.lowerBound
    pattern.forEachMatch(in: bytes, range) { match in
      if start < match.lowerBound { parts.append((start..<match.lowerBound, isInverted)) }
      parts.append((match, !isInverted))
      start = match.upperBound
    }
    if start < range.upperBound { parts.append((start..<range.upperBound, isInverted)) }
    switch behavior {
    case .removed: return parts.filter { !$0.isMatch }.map(\.range)
    case .isolated: return parts.map(\.range)
    case .contiguous: return Self.merged(parts) { $0 == $1 }
    case .mergedWithPrevious: return Self.merged(parts) { !$0 && $1 }
    case .mergedWithNext: return Self.merged(parts) { $0 && !$1 }
    }
  }

  /// Joins neighbours where `isJoined` holds for whether each of the two is a match.
  private static func merged(
    _ parts: [(range: Range<Int>, isMatch: Bool)], _ isJoined: (Bool, Bool) -> Bool
  ) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var last: Bool?
    for part in parts {
      if let last, let piece = pieces.last, isJoined(last, part.isMatch) {
        pieces[pieces.count - 1] = piece.lowerBound..<part.range.upperBound
      } else {
        pieces.append(part.range)
      }
      last = part.isMatch
    }
    return pieces
  }
}
