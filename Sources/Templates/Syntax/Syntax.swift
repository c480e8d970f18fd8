/// A name of a template, as a number.
typealias Symbol = Int

/// The index of an expression in `Syntax.expressions`.
typealias ExpressionID = Int

/// A template, read.
struct Syntax: Sendable {
  /// Flat, children before what they are part of, so that no depth of nesting can exhaust the stack when it is freed.
  var expressions: [Expression] = []
  var lines: [Int] = []
  var body: [Statement] = []
  var names: [String] = []
}

enum Literal: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
}

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case isNotIn = "not in"
}

/// What stands in the brackets of a call.
struct Arguments: Sendable {
  var positional: [ExpressionID] = []
  var named: [(name: String, value: ExpressionID)] = []
  /// `*list`
  var list: ExpressionID?
  /// `**mapping`
  var mapping: ExpressionID?

  var all: [ExpressionID] { positional + named.map(\.value) + [list, mapping].compactMap { $0 } }
}

enum Expression: Sendable {
  case literal(Literal)
  case name(Symbol)
  case list([ExpressionID])
  case tuple([ExpressionID])
  case dict([(key: ExpressionID, value: ExpressionID)])
  case attribute(ExpressionID, String)
  case item(ExpressionID, ExpressionID)
  case slice(start: ExpressionID?, stop: ExpressionID?, step: ExpressionID?)
  case call(ExpressionID, Arguments)
  case filter(ExpressionID, String, Arguments)
  case test(ExpressionID, String, Arguments)
  /// The text that a filter of a block works on.
  case blockText
  case not(ExpressionID)
  case negative(ExpressionID)
  case positive(ExpressionID)
  case binary(BinaryOperator, ExpressionID, ExpressionID)
  case concatenation([ExpressionID])
  case comparison(ExpressionID, [BinaryComparison])
  case and(ExpressionID, ExpressionID)
  case or(ExpressionID, ExpressionID)
  case conditional(test: ExpressionID, then: ExpressionID, otherwise: ExpressionID?)

  var children: [ExpressionID] {
    switch self {
    case .literal, .name, .blockText: []
    case .list(let items), .tuple(let items), .concatenation(let items): items
    case .dict(let entries): entries.flatMap { [$0.key, $0.value] }
    case .attribute(let value, _), .not(let value), .negative(let value), .positive(let value): [value]
    case .item(let left, let right), .binary(_, let left, let right), .and(let left, let right),
      .or(let left, let right):
      [left, right]
    case .slice(let start, let stop, let step): [start, stop, step].compactMap { $0 }
    case .call(let value, let arguments), .filter(let value, _, let arguments), .test(let value, _, let arguments):
      [value] + arguments.all
    case .comparison(let first, let rest): [first] + rest.map(\.right)
    case .conditional(let test, let then, let otherwise): [test, then] + (otherwise.map { [$0] } ?? [])
    }
  }
}

struct BinaryComparison: Sendable {
  let comparison: ComparisonOperator
  let right: ExpressionID
}

/// What a value is given to.
indirect enum Target: Sendable {
  case name(Symbol)
  case tuple([Target])
  case attribute(of: Symbol, String)
}

struct Signature: Sendable {
  var name: String
  var parameters: [Symbol] = []
  /// Of the last parameters.
  var defaults: [ExpressionID] = []
  var body: [Statement] = []
  var usesCaller = false
  var usesVarargs = false
  var usesKwargs = false
}

struct Loop: Sendable {
  var target: Target
  var sequence: ExpressionID
  var condition: ExpressionID?
  var isRecursive: Bool
  var body: [Statement]
  var otherwise: [Statement]
}

indirect enum Statement: Sendable {
  case data(String)
  case output(ExpressionID)
  case conditional([(test: ExpressionID, body: [Statement])], otherwise: [Statement])
  case loop(Loop, line: Int)
  case set(Target, ExpressionID)
  case setBlock(Target, filter: ExpressionID?, [Statement])
  case macro(Symbol, Signature)
  case callBlock(ExpressionID, Signature)
  case filterBlock(ExpressionID, [Statement])
  case with([(target: Target, value: ExpressionID)], [Statement])
  /// Statements with names of their own: `block`, `generation`, `autoescape false`.
  case scope([Statement])
  case exit(isBreak: Bool)
  /// What can be written but not done, since there are no other templates to take from.
  case unsupported(String, line: Int)
}
