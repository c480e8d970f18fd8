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

  /// Shortest ways to `end`, by relaxing until nothing changes.
  private static func shortest(_ code: [Instruction]) -> [Int] {
    var bytes = [Int](repeating: endless, count: code.count)
    var changed = true
    while changed {
      changed = false
      for (place, instruction) in code.enumerated() {
        let found =
          switch instruction {
          case .bytes(_, let next): bytes[Int(next)] + 1
          case .call(let rule, let next): bytes[Int(rule)] + bytes[Int(next)]
          case .split(let places): places.map { bytes[Int($0)] }.min() ?? endless
          case .end: 0
          }
        if found < bytes[place] {
          bytes[place] = found
          changed = true
        }
      }
    }
    return bytes
  }
}
