/// Looks for a regular expression in one text, by backtracking.
///
/// What fails at a place fails there whatever came before, since nothing in a program depends on that. So once a search
/// has taken many steps, each failure is remembered, and the search takes time linear in the text. A look ahead that
/// succeeds is not remembered, so there is a limit of steps too, behind which nothing matches.
struct PatternMatcher {
  let program: PatternProgram
  /// UTF-8, valid in `range`.
  let bytes: [UInt8]
  let range: Range<Int>

  private struct Choice {
    var instruction: Int
    var position: Int
    /// The next way of a branch; or the first place that a run may be cut back to.
    var next: Int
  }

  private var choices: [Choice] = []
  private var steps = 0
  private let stepsWithoutMemory: Int
  private let mostSteps: Int
  /// By instruction, bits for the places where it has failed or is being tried.
  private var failures: [[UInt64]] = []
  /// What is being tried, to be forgotten where it succeeds.
  private var trail: [(instruction: Int, place: Int)] = []

  init(_ program: PatternProgram, in bytes: [UInt8], _ range: Range<Int>) {
    self.program = program
    self.bytes = bytes
    self.range = range
    stepsWithoutMemory = 1000 + 64 * range.count
    mostSteps = 1_000_000 + 2000 * range.count
  }

  /// The next match from `start` on that is not empty: leftmost, and of those there the first in the pattern's order.
  mutating func next(from start: Int) -> Range<Int>? {
    var start = start
    while start < range.upperBound {
      if let end = match(0, at: start), end > start { return start..<end }
      _ = UTF8Reader.scalar(at: &start, in: bytes)
    }
    return nil
  }

  /// Where the part of the program that begins at `instruction` ends when it begins to match at `position`.
  private mutating func match(_ instruction: Int, at position: Int) -> Int? {
    let base = choices.count
    let tried = trail.count
    var instruction = instruction
    var position = position
    while true {
      steps += 1
      if let goesOn = step(&instruction, &position) {
        if goesOn { continue }
        choices.removeLast(choices.count - base)
        forget(from: tried)
        return position
      }
      guard choices.count > base, steps < mostSteps else {
        choices.removeLast(choices.count - base)
        trail.removeLast(trail.count - tried)
        return nil
      }
      resume(&instruction, &position)
    }
  }

  /// Takes up the last choice.
  private mutating func resume(_ instruction: inout Int, _ position: inout Int) {
    let last = choices.count - 1
    let choice = choices[last]
    switch program.instructions[choice.instruction] {
    case .run:
      position = UTF8Reader.start(before: choice.position, in: bytes)
      if position <= choice.next { choices.removeLast() } else { choices[last].position = position }
      instruction = choice.instruction + 1
    case .branch(let branch):
      choices.removeLast()
      instruction = choice.instruction
      position = choice.position
      takeWay(branch, from: choice.next, &instruction, position)
    default: choices.removeLast()
    }
  }

  /// Goes the first way from `first` on that can match; false, with nothing changed, if there is none.
  @inline(__always) @discardableResult
  private mutating func takeWay(_ branch: Int, from first: Int, _ instruction: inout Int, _ position: Int) -> Bool {
    let taken = way(branch, from: first, position)
    guard let taken else { return false }
    if let next = way(branch, from: taken + 1, position) {
      choices.append(Choice(instruction: instruction, position: position, next: next))
    }
    instruction = program.branches[branch][taken].start
    return true
  }

  @inline(__always)
  private func way(_ branch: Int, from first: Int, _ position: Int) -> Int? {
    let count = program.branches[branch].count
    guard position < range.upperBound else { return first < count ? first : nil }
    var way = first
    while way < count, !program.branches[branch][way].admits(bytes[position]) { way += 1 }
    return way < count ? way : nil
  }

  /// One instruction: true to go on, false at the end of the match, nil where it fails.
  @inline(__always)
  private mutating func step(_ instruction: inout Int, _ position: inout Int) -> Bool? {
    if steps > stepsWithoutMemory, isKnownFailure(instruction, position) { return nil }
    switch program.instructions[instruction] {
    case .set(let set):
      guard position < range.upperBound else { return nil }
      var next = position
      guard program.sets[set].contains(UTF8Reader.scalar(at: &next, in: bytes)) else { return nil }
      position = next
      instruction += 1
    case .run(let set, let minimum, let maximum, let isPossessive):
      return run(set, minimum, maximum, isPossessive, &instruction, &position)
    case .branch(let branch): return takeWay(branch, from: 0, &instruction, position) ? true : nil
    case .jump(let target): instruction = target
    case .atomic(let end):
      guard let stop = match(instruction + 1, at: position) else { return nil }
      position = stop
      instruction = end
    case .look(let isNegative, let end):
      guard (match(instruction + 1, at: position) == nil) == isNegative else { return nil }
      instruction = end
    case .lookBehind(let set, let isNegative):
      guard isBehind(set, position) != isNegative else { return nil }
      instruction += 1
    case .edge(let edge):
      guard isEdge(edge, position) else { return nil }
      instruction += 1
    case .accept: return false
    }
    return true
  }
}

// Parts of a step.
extension PatternMatcher {
  @inline(__always)
  private mutating func run(
    _ set: Int, _ minimum: Int, _ maximum: Int, _ isPossessive: Bool, _ instruction: inout Int, _ position: inout Int
  ) -> Bool? {
    var count = 0
    var end = position
    var least = position
    while count < maximum, end < range.upperBound {
      var next = end
      guard program.sets[set].contains(UTF8Reader.scalar(at: &next, in: bytes)) else { break }
      end = next
      count += 1
      if count == minimum { least = end }
    }
    steps += count
    if count < minimum { return nil }
    if !isPossessive, count > minimum {
      choices.append(Choice(instruction: instruction, position: end, next: least))
    }
    position = end
    instruction += 1
    return true
  }

  /// Whether the rest fails from here; if that is not known, it is about to be tried.
  private mutating func isKnownFailure(_ instruction: Int, _ position: Int) -> Bool {
    if failures.isEmpty { failures = [[UInt64]](repeating: [], count: program.instructions.count) }
    if failures[instruction].isEmpty {
      failures[instruction] = [UInt64](repeating: 0, count: range.count / 64 + 1)
    }
    let place = position - range.lowerBound
    let bit = UInt64(1) << UInt64(place % 64)
    if failures[instruction][place / 64] & bit != 0 { return true }
    failures[instruction][place / 64] |= bit
    trail.append((instruction, place))
    return false
  }

  private mutating func forget(from tried: Int) {
    while trail.count > tried {
      let last = trail.removeLast()
      failures[last.instruction][last.place / 64] &= ~(UInt64(1) << UInt64(last.place % 64))
    }
  }
}
