/// A grammar over bytes, as a network of instructions with calls.
///
/// A thread is a stack of places in the program, the one where it is last; where several ways are open, there are several
/// threads.
package struct GrammarProgram: Sendable {
  enum Instruction: Sendable {
    /// Takes a byte of the set, and goes on.
    case bytes(ByteSet, next: Int32)
    /// Goes through another rule, then on.
    case call(rule: Int32, next: Int32)
    /// Goes on at any of these places.
    case split([Int32])
    /// The end of a rule.
    case end
  }

  let code: [Instruction]
  let start: Int32
  /// From each place, bytes to the end of its rule at least.
  let shortest: [Int]

  /// More than any text has.
  static let endless = Int.max / 1024

  /// Bytes of the shortest text.
  package var shortestText: Int { shortest[Int(start)] }

  /// - Throws: `GrammarError` for a grammar without a text of finite length.
  init(_ code: [Instruction], start: Int32) throws(GrammarError) {
    self.code = code
    self.start = start
    shortest = Self.shortest(code)
    guard shortest[Int(start)] < Self.endless else {
      throw GrammarError("no value of finite length fits the schema: it requires itself")
    }
  }

  /// Shortest ways to `end`: what a place is as long as is looked at again whenever one that it leads to becomes shorter.
  private static func shortest(_ code: [Instruction]) -> [Int] {
    var bytes = [Int](repeating: endless, count: code.count)
    var before = [[Int32]](repeating: [], count: code.count)
    for (place, instruction) in code.enumerated() {
      for next in instruction.nextPlaces { before[Int(next)].append(Int32(place)) }
    }
    var pending = code.indices.filter { if case .end = code[$0] { true } else { false } }
    var index = 0
    while index < pending.count {
      let place = pending[index]
      index += 1
      let found =
        switch code[place] {
        case .bytes(_, let next): bytes[Int(next)] + 1
        case .call(let rule, let next): bytes[Int(rule)] + bytes[Int(next)]
        case .split(let places): places.map { bytes[Int($0)] }.min() ?? endless
        case .end: 0
        }
      guard found < bytes[place] else { continue }
      bytes[place] = found
      pending += before[place].map(Int.init)
    }
    return bytes
  }
}

extension GrammarProgram.Instruction {
  fileprivate var nextPlaces: [Int32] {
    switch self {
    case .bytes(_, let next): [next]
    case .call(let rule, let next): [rule, next]
    case .split(let places): places
    case .end: []
    }
  }
}
