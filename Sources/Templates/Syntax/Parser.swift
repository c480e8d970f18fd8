/// Reads a template's tokens, by the grammar of Jinja 3.1 with `loopcontrols` and the tag `generation`.
struct Parser {
  private let tokens: [Token]
  let source: String
  private var position = 0
  var syntax = Syntax()
  private var depths: [Int] = []
  private var symbols: [String: Symbol] = [:]
  private var depth = 0
  /// Of the loops around the statement, inside the innermost macro.
  var loops = 0
  /// Inside `if`, where an unknown filter or test is an error only once it is used.
  var isSoft = false
  /// Filters and tests that do not exist, outside of conditions.
  var unknown: [(line: Int, problem: String)] = []
  /// Names that the innermost macro mentions.
  var mentioned: Set<Symbol> = []

  static func syntax(of text: String, source: String) throws -> Syntax {
    var parser = Parser(tokens: try Lexer.tokens(of: text, source: source), source: source)
    for name in Names.all { _ = parser.symbol(name) }
    parser.syntax.body = try parser.statements(until: [])
    if let unknown = parser.unknown.first {
      throw TemplateError(source: source, line: unknown.line, problem: unknown.problem)
    }
    return parser.syntax
  }

  private init(tokens: [Token], source: String) {
    self.tokens = tokens
    self.source = source
  }

  var current: Token { tokens[position] }
  var next: Token { tokens[min(position + 1, tokens.count - 1)] }

  mutating func advance() {
    if position < tokens.count - 1 { position += 1 }
  }

  func error(_ problem: String) -> TemplateError {
    TemplateError(source: source, line: current.line, problem: problem)
  }

  func unexpected(_ expected: String) -> TemplateError {
    error("found \(current.summary), expected \(expected)")
  }

  func isAt(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }
  func isAt(name: String) -> Bool { current.kind == .name(name) }

  mutating func take(_ symbol: String) -> Bool {
    guard isAt(symbol) else { return false }
    advance()
    return true
  }

  mutating func take(name: String) -> Bool {
    guard isAt(name: name) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: String) throws {
    if !take(symbol) { throw unexpected("\"\(symbol)\"") }
  }

  mutating func expect(_ kind: Token.Kind, _ expected: String) throws {
    guard current.kind == kind else { throw unexpected(expected) }
    advance()
  }

  mutating func name() throws -> String {
    guard case .name(let name) = current.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  mutating func symbol(_ name: String) -> Symbol {
    if let symbol = symbols[name] { return symbol }
    syntax.names.append(name)
    symbols[name] = syntax.names.count - 1
    return syntax.names.count - 1
  }

  /// Adds an expression, whose parts are there already.
  mutating func add(_ expression: Expression, line: Int) throws -> ExpressionID {
    let depth = expression.children.reduce(0) { max($0, depths[$1]) } + 1
    if depth > Budget.syntax { throw error("an expression nested more than \(Budget.syntax) deep") }
    depths.append(depth)
    syntax.lines.append(line)
    syntax.expressions.append(expression)
    return depths.count - 1
  }

  /// Goes one level deeper into the text.
  mutating func nested<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > Budget.syntax { throw error("nested more than \(Budget.syntax) deep") }
    return try body(&self)
  }
}

/// Names that mean something by themselves; their symbols are the same in every template.
enum Names {
  static let all = ["loop", "caller", "varargs", "kwargs"]
  static let loop: Symbol = 0
  static let caller: Symbol = 1
  static let varargs: Symbol = 2
  static let kwargs: Symbol = 3
}
