/// Keeps a text to a grammar, token by token.
package struct GrammarMatcher: Sendable {
  private let vocabulary: GrammarVocabulary
  private var machine: GrammarMachine
  private var state: Int32
  private var masks: [Int32: Mask] = [:]
  /// A token came that the grammar does not have: nothing is known any more.
  private var isLost = false

  /// Which tokens may come in a state.
  private struct Mask: Sendable {
    var tokens: [Int32] = []
    /// By token, bytes that the text needs behind it at least.
    var rest: [Int32] = []
    var longestRest: Int32 = 0
  }

  package init(_ program: GrammarProgram, _ vocabulary: GrammarVocabulary) {
    self.vocabulary = vocabulary
    machine = GrammarMachine(program)
    state = machine.start
  }

  /// Whether the text has come to its end.
  package var isComplete: Bool { !isLost && machine.isComplete(state) }

  /// Makes NaN of the logits of all tokens that may not come next.
  ///
  /// With few tokens left only those may come with which the text can still be brought to its end, a byte a token.
  /// - Parameters:
  ///   - logits: [vocabulary]
  ///   - tokensLeft: tokens that may be generated, the next one included.
  ///   - stops: tokens that end the text.
  package mutating func mask(_ logits: inout [Float], tokensLeft: Int, stops: Set<Int32>) {
    guard !isLost else { return }
    let mask = currentMask()
    let limit = Int32(clamping: tokensLeft - 1)
    var allowed = [Float](repeating: .nan, count: logits.count)
    var count = 0
    func allow(_ token: Int32) {
      guard logits.indices.contains(Int(token)) else { return }
      allowed[Int(token)] = logits[Int(token)]
      count += 1
    }
    if machine.accepts(state) { stops.forEach(allow) }
    for (token, rest) in zip(mask.tokens, mask.rest) where mask.longestRest <= limit || rest <= limit { allow(token) }
    if count == 0 { mask.tokens.forEach(allow) }
    logits = allowed
  }

  private mutating func currentMask() -> Mask {
    if let known = masks[state] { return known }
    if machine.stateCount > GrammarMachine.mostStates {
      machine = machine.forgetting(allBut: state)
      state = machine.start
      masks = [:]
    }
    var mask = Mask()
    vocabulary.tokens.walk(&machine, from: state) { token, rest in
      mask.tokens.append(token)
      mask.rest.append(Int32(clamping: rest))
    }
    mask.longestRest = mask.rest.max() ?? 0
    masks[state] = mask
    return mask
  }

  /// Takes the token that has come.
  package mutating func accept(_ token: Int32) {
    guard !isLost else { return }
    for byte in vocabulary.bytes(of: token) {
      state = machine.step(state, byte)
      if state == GrammarMachine.dead {
        isLost = true
        return
      }
    }
  }
}
