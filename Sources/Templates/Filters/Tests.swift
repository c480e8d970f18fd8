/// The tests behind `is`, by name.
enum Tests {
  typealias Test = @Sendable (_ value: Value, _ arguments: [Value], Renderer) throws -> Bool

  static let all: [String: Test] = [
    "defined": { value, _, _ in !value.isUndefined },
    "undefined": { value, _, _ in value.isUndefined },
    "none": { value, _, _ in if case .none = value { true } else { false } },
    "boolean": { value, _, _ in if case .bool = value { true } else { false } },
    "true": { value, _, _ in if case .bool(true) = value { true } else { false } },
    "false": { value, _, _ in if case .bool(false) = value { true } else { false } },
    "integer": { value, _, _ in if case .int = value { true } else { false } },
    "float": { value, _, _ in if case .double = value { true } else { false } },
    "number": { value, _, _ in value.number != nil },
    "string": { value, _, _ in if case .text = value { true } else { false } },
    "escaped": { value, _, _ in if case .text(let text) = value { text.isMarkup } else { false } },
    "mapping": { value, _, _ in if case .dict = value { true } else { false } },
    "sequence": { value, _, _ in isSequence(value) },
    "iterable": { value, _, _ in isIterable(value) },
    "callable": { value, _, _ in isCallable(value) },
    "lower": { value, _, renderer in PythonCase.has("islower", try renderer.printed(value)) },
    "upper": { value, _, renderer in PythonCase.has("isupper", try renderer.printed(value)) },
    "odd": { value, _, _ in try remainder(value, .int(2)) == 1 },
    "even": { value, _, _ in try remainder(value, .int(2)) == 0 },
    "divisibleby": { value, arguments, _ in try remainder(value, first(arguments)) == 0 },
    "sameas": { value, arguments, _ in value.isSame(as: try first(arguments)) },
    "in": { value, arguments, renderer in try renderer.compare(value, .isIn, first(arguments)) },
    "filter": { value, _, renderer in Filters.all[try renderer.printed(value)] != nil },
    "test": { value, _, renderer in Tests.all[try renderer.printed(value)] != nil },
    "==": comparison(.equal), "eq": comparison(.equal), "equalto": comparison(.equal),
    "!=": comparison(.notEqual), "ne": comparison(.notEqual),
    "<": comparison(.less), "lt": comparison(.less), "lessthan": comparison(.less),
    "<=": comparison(.lessOrEqual), "le": comparison(.lessOrEqual),
    ">": comparison(.greater), "gt": comparison(.greater), "greaterthan": comparison(.greater),
    ">=": comparison(.greaterOrEqual), "ge": comparison(.greaterOrEqual),
  ]

  private static func comparison(_ comparison: ComparisonOperator) -> Test {
    { value, arguments, renderer in try renderer.compare(value, comparison, first(arguments)) }
  }

  private static func first(_ arguments: [Value]) throws -> Value {
    guard let argument = arguments.first else { throw Problem("the test needs an argument") }
    return argument
  }

  private static func remainder(_ value: Value, _ divisor: Value) throws -> Double {
    guard let rest = try Arithmetic.result(.remainder, value, divisor)?.number else {
      throw Problem("the test needs numbers, found \(value.kind)")
    }
    return rest
  }

  private static func isSequence(_ value: Value) -> Bool {
    switch value {
    case .text, .list, .dict, .range, .undefined: true
    default: false
    }
  }

  private static func isIterable(_ value: Value) -> Bool {
    switch value {
    case .view, .iterator, .loop: true
    default: isSequence(value)
    }
  }

  private static func isCallable(_ value: Value) -> Bool {
    switch value {
    case .macro, .method, .function, .undefined, .loop: true
    case .cycler(let cycler): cycler.isJoiner
    default: false
    }
  }
}

extension Renderer {
  func test(_ value: Value, _ name: String, _ arguments: [Value]) throws -> Bool {
    guard let test = Tests.all[name] else { throw Problem("there is no test \"\(name)\"") }
    return try test(value, arguments, self)
  }
}
