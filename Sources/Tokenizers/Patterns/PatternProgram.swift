/// A regular expression as instructions for `PatternMatcher`.
struct PatternProgram: Sendable {
  enum Instruction: Sendable {
    /// One scalar of a set.
    case set(Int)
    /// Scalars of a set, as many as there are; fewer if what follows asks for it, unless `isPossessive`.
    case run(set: Int, minimum: Int, maximum: Int, isPossessive: Bool)
    /// One of several ways, tried in order.
    case branch(Int)
    case jump(Int)
    /// A part of its own that begins behind this and ends with `accept`; then goes on at `end`.
    case atomic(end: Int)
    case look(isNegative: Bool, end: Int)
    /// Whether the scalar before is in a set.
    case lookBehind(set: Int, isNegative: Bool)
    case edge(PatternNode.Edge)
    case accept
  }

  /// One way of a branch.
  struct Way: Sendable {
    var start: Int
    /// Scalars below 128 that it can begin with; all if it can match nothing.
    var first: (low: UInt64, high: UInt64)

    @inline(__always)
    func admits(_ byte: UInt8) -> Bool {
      byte >= 128 || (byte < 64 ? first.low >> UInt64(byte) : first.high >> UInt64(byte - 64)) & 1 != 0
    }
  }

  private(set) var instructions: [Instruction] = []
  private(set) var sets: [ScalarSet] = []
  private(set) var branches: [[Way]] = []
  private static let mostInstructions = 20_000

  init(_ node: PatternNode) throws(PatternProblem) {
    try emit(node)
    instructions.append(.accept)
  }

  private mutating func add(_ instruction: Instruction) throws(PatternProblem) {
    if instructions.count >= Self.mostInstructions { throw PatternProblem(text: "it is too large") }
    instructions.append(instruction)
  }

  private mutating func add(_ set: ScalarSet) -> Int {
    sets.append(set)
    return sets.count - 1
  }

  private mutating func emit(_ node: PatternNode) throws(PatternProblem) {
    switch node {
    case .empty: break
    case .set(let set): try add(.set(add(set)))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .alternatives(let parts): try emitBranch(parts)
    case .repeated(let part, let minimum, let maximum, let mode): try emit(part, minimum, maximum, mode)
    case .atomic(let part):
      let place = instructions.count
      try add(.atomic(end: 0))
      try emitPart(part)
      instructions[place] = .atomic(end: instructions.count)
    case .look(let part, true, let isNegative):
      guard case .set(let set) = part else {
        throw PatternProblem(text: "looking behind is supported for one character only")
      }
      try add(.lookBehind(set: add(set), isNegative: isNegative))
    case .look(let part, false, let isNegative):
      let place = instructions.count
      try add(.look(isNegative: isNegative, end: 0))
      try emitPart(part)
      instructions[place] = .look(isNegative: isNegative, end: instructions.count)
    case .edge(let edge): try add(.edge(edge))
    }
  }

  private mutating func emitPart(_ node: PatternNode) throws(PatternProblem) {
    try emit(node)
    try add(.accept)
  }

  private mutating func emitBranch(_ parts: [PatternNode]) throws(PatternProblem) {
    let branch = branches.count
    branches.append([])
    try add(.branch(branch))
    var jumps: [Int] = []
    for part in parts {
      branches[branch].append(Way(start: instructions.count, first: Self.first(of: part)))
      try emit(part)
      jumps.append(instructions.count)
      try add(.jump(0))
    }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func emit(
    _ part: PatternNode, _ minimum: Int, _ maximum: Int?, _ mode: PatternNode.Mode
  ) throws(PatternProblem) {
    if case .set(let set) = part, mode != .lazy {
      return try add(
        .run(set: add(set), minimum: minimum, maximum: maximum ?? .max, isPossessive: mode == .possessive))
    }
    if mode == .possessive { return try emit(.atomic(.repeated(part, minimum: minimum, maximum: maximum, .greedy))) }
    if part.isNullable, maximum != 1 {
      throw PatternProblem(text: "a repeated group that can be empty is not supported")
    }
    for _ in 0..<minimum { try emit(part) }
    guard let maximum else { return try emitLoop(part, mode) }
    var waysOut: [Int] = []
    for _ in 0..<maximum - minimum { waysOut.append(try emitOptional(part, mode)) }
    for branch in waysOut { setExit(of: branch, mode) }
  }

  private mutating func emitLoop(_ part: PatternNode, _ mode: PatternNode.Mode) throws(PatternProblem) {
    let start = instructions.count
    let branch = try emitOptional(part, mode)
    try add(.jump(start))
    setExit(of: branch, mode)
  }

  /// A branch into `part` or past it; the way past it is set later.
  private mutating func emitOptional(_ part: PatternNode, _ mode: PatternNode.Mode) throws(PatternProblem) -> Int {
    let branch = branches.count
    let into = Way(start: instructions.count + 1, first: Self.first(of: part))
    let past = Way(start: 0, first: (.max, .max))
    branches.append(mode == .lazy ? [past, into] : [into, past])
    try add(.branch(branch))
    try emit(part)
    return branch
  }

  private mutating func setExit(of branch: Int, _ mode: PatternNode.Mode) {
    branches[branch][mode == .lazy ? 0 : 1].start = instructions.count
  }

  /// The scalars below 128 that a match can begin with.
  private static func first(of node: PatternNode) -> (low: UInt64, high: UInt64) {
    if node.isNullable { return (.max, .max) }
    switch node {
    case .set(let set): return ScalarSet.asciiUnion((0, 0), set)
    case .repeated(let part, _, _, _), .atomic(let part): return first(of: part)
    case .alternatives(let parts):
      return parts.map(first).reduce((0, 0)) { ($0.0 | $1.low, $0.1 | $1.high) }
    case .sequence(let parts):
      var result: (low: UInt64, high: UInt64) = (0, 0)
      for part in parts {
        switch part {
        // What is asked of a place without moving on is no reason to leave anything out.
        case .look, .edge, .empty: continue
        case .repeated(let inner, 0, _, _):
          let own = first(of: inner.isNullable ? .empty : inner)
          result = (result.low | own.low, result.high | own.high)
        default:
          let own = first(of: part)
          return (result.low | own.low, result.high | own.high)
        }
      }
      return (.max, .max)
    case .empty, .look, .edge: return (.max, .max)
    }
  }
}
