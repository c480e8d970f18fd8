/// A part of a regular expression.
indirect enum PatternNode {
  case empty
  case set(ScalarSet)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  case repeated(PatternNode, minimum: Int, maximum: Int?, Mode)
  /// `(?>…)`: what it has matched it does not give back.
  case atomic(PatternNode)
  case look(PatternNode, isBehind: Bool, isNegative: Bool)
  case edge(Edge)

  enum Mode { case greedy, lazy, possessive }

  enum Edge {
    case textStart, textEnd, lineStart, lineEnd
    /// The end, or before a newline that ends the text.
    case textEndOrNewline
    case wordBoundary, noWordBoundary
  }

  /// Whether it can match nothing.
  var isNullable: Bool {
    switch self {
    case .empty, .look, .edge: true
    case .set: false
    case .sequence(let parts): parts.allSatisfy(\.isNullable)
    case .alternatives(let parts): parts.contains(where: \.isNullable)
    case .repeated(let part, let minimum, _, _): minimum == 0 || part.isNullable
    case .atomic(let part): part.isNullable
    }
  }
}

/// Why a regular expression cannot be used.
struct PatternProblem: Error {
  let text: String
}
