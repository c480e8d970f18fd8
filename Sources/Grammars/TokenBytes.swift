package import Tokenizers

/// The bytes of all tokens that a text may have, sorted, so that tokens that begin alike are walked together.
package struct TokenBytes: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = [0]
  private var tokens: [Int32] = []
  /// Bytes that each shares with the one before it.
  private var shared: [Int] = []

  /// Special tokens have no place in a text.
  package init(_ tokenizer: Tokenizer) {
    let all = (0..<Int32(tokenizer.vocabularySize)).compactMap { id -> (bytes: [UInt8], id: Int32)? in
      guard !tokenizer.isSpecial(id), let bytes = tokenizer.bytes(of: id), !bytes.isEmpty else { return nil }
      return (bytes, id)
    }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    var last: [UInt8] = []
    for (own, id) in all {
      shared.append(zip(own, last).prefix { $0 == $1 }.count)
      bytes += own
      ends.append(bytes.count)
      tokens.append(id)
      last = own
    }
  }

  /// The bytes of the token at a place.
  func bytes(at place: Int) -> ArraySlice<UInt8> { bytes[ends[place]..<ends[place + 1]] }

  /// Where each token stands.
  var places: [Int32: Int] { Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) }) }

  /// Walks all tokens that the machine can take from `state`, and tells what the text needs behind each, in bytes.
  func walk(_ machine: inout GrammarMachine, from state: Int32, _ visit: (_ token: Int32, _ rest: Int) -> Void) {
    var path = [state]
    for index in tokens.indices {
      // Where a token with the same beginning came to an end, this one does, too.
      guard shared[index] < path.count else { continue }
      path.removeLast(path.count - 1 - shared[index])
      var current = path[shared[index]]
      for byte in bytes(at: index).dropFirst(shared[index]) {
        current = machine.step(current, byte)
        guard current != GrammarMachine.dead else { break }
        path.append(current)
      }
      if current != GrammarMachine.dead { visit(tokens[index], machine.shortest(from: current)) }
    }
  }
}
