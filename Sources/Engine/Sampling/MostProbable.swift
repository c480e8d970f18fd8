/// A token and its logit.
struct Candidate {
  let token: Int
  let logit: Float

  /// The more probable first, of equal ones the lower token.
  static func precedes(_ a: Self, _ b: Self) -> Bool { a.logit != b.logit ? a.logit > b.logit : a.token < b.token }
}

extension UnsafeBufferPointer<Float> {
  private static var leastRoom: Int { 64 }

  /// The most probable tokens in order, `count` of them or as many as are possible at all.
  func mostProbable(_ count: Int) -> [Candidate] {
    let room = Swift.max(2 * count, Self.leastRoom)
    var found: [Candidate] = []
    found.reserveCapacity(room)
    var bound = -Float.infinity
    forEach(above: bound) { token, logit in
      found.append(Candidate(token: token, logit: logit))
      if found.count == room {
        found.sort(by: Candidate.precedes)
        found.removeLast(room - count)
        // Of those that are as probable as the last, all that follow are higher tokens.
        bound = found[count - 1].logit
      }
      return bound
    }
    found.sort(by: Candidate.precedes)
    return Array(found.prefix(count))
  }
}
