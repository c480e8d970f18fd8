/// The filters behind `|`, by name.
enum Filters {
  typealias Filter = @Sendable (_ value: Value, _ arguments: CallArguments, Renderer) throws -> Value

  static let all: [String: Filter] = ofText.merging(ofSequences) { first, _ in first }
    .merging(ofValues) { first, _ in first }

  private static let ofValues: [String: Filter] = [
    "default": fallback, "d": fallback,
    "tojson": json,
    "string": { value, _, renderer in
      if case .text = value { value } else { try renderer.text(renderer.printed(value)) }
    },
    "int": { value, arguments, _ in
      let values = try arguments.values("default", "base", of: "int")
      return .int(try integer(value, base: values[1]?.integer ?? 10) ?? values[0]?.integer ?? 0)
    },
    "float": { value, arguments, _ in
      let values = try arguments.values("default", of: "float")
      return .double(try real(value) ?? values[0]?.number ?? 0)
    },
    "abs": { value, _, _ in
      guard let number = value.number else { throw Problem("abs needs a number, found \(value.kind)") }
      return number < 0 ? try Arithmetic.negative(value) : value.integer.map { .int($0) } ?? value
    },
    "round": { value, arguments, _ in try rounded(value, arguments) },
    "attr": { value, arguments, renderer in
      guard case .text(let name)? = try arguments.values("name", of: "attr")[0] else {
        throw Problem("attr needs a name")
      }
      if case .dict = value {
        return Methods.attribute(name.string, of: value) ?? .undefined(name.string)
      }
      return try renderer.attribute(name.string, of: value)
    },
  ]

  private static let fallback: Filter = { value, arguments, _ in
    let values = try arguments.values("default_value", "boolean", of: "default")
    let isMissing = value.isUndefined || (values[1]?.isTrue ?? false) && !value.isTrue
    return isMissing ? values[0] ?? .string("") : value
  }

  /// As `transformers` defines it: without escapes for HTML.
  private static let json: Filter = { value, arguments, renderer in
    let values = try arguments.values("ensure_ascii", "indent", "separators", "sort_keys", of: "tojson")
    var format = JSONText()
    format.ensuresASCII = values[0]?.isTrue ?? false
    format.sortsKeys = values[3]?.isTrue ?? false
    switch values[1] {
    case nil, Value.none?: break
    case .text(let text)?: format.indent = text.string
    case let width?:
      guard let width = width.integer, width <= 1000 else { throw Problem("tojson needs an indent of at most 1000") }
      format.indent = String(repeating: " ", count: max(0, width))
    }
    if let separators = values[2], !separators.equals(.none) {
      let parts = try renderer.elements(separators)
      guard parts.count == 2, case .text(let item) = parts[0], case .text(let key) = parts[1] else {
        throw Problem("tojson needs two separators, both strings")
      }
      format.separators = (item.string, key.string)
    }
    try renderer.budget.spend(value.extent.size)
    return try renderer.text(format.text(value))
  }

  private static func integer(_ value: Value, base: Int) throws -> Int? {
    if let integer = value.integer { return integer }
    if case .double(let number) = value { return number.magnitude < 9e18 ? Int(number) : nil }
    if case .undefined(let what) = value { throw Problem("\(what) is undefined, and no number") }
    guard case .text(let text) = value, (2...36).contains(base) else { return nil }
    let digits = text.string.strippedOfSpace.replacing("_", with: "")
    return Int(digits, radix: base) ?? Double(digits).flatMap { $0.magnitude < 9e18 ? Int($0) : nil }
  }

  private static func real(_ value: Value) throws -> Double? {
    if let number = value.number { return number }
    if case .undefined(let what) = value { throw Problem("\(what) is undefined, and no number") }
    guard case .text(let text) = value else { return nil }
    return Double(text.string.strippedOfSpace)
  }

  private static func rounded(_ value: Value, _ arguments: CallArguments) throws -> Value {
    let values = try arguments.values("precision", "method", of: "round")
    guard let number = value.number else { throw Problem("round needs a number, found \(value.kind)") }
    let digits = min(max(values[0]?.integer ?? 0, -300), 300)
    let scale = Arithmetic.powerOfTen(digits)
    let rule: FloatingPointRoundingRule
    switch values[1] {
    case .text(let text)? where text.string == "ceil": rule = .up
    case .text(let text)? where text.string == "floor": rule = .down
    default:
      if value.integer != nil { return .int(value.integer ?? 0) }
      return .double(Arithmetic.rounded(number, digits: digits))
    }
    return .double((number * scale).rounded(rule) / scale)
  }
}

extension Renderer {
  func filter(_ value: Value, _ name: String, _ arguments: CallArguments) throws -> Value {
    guard let filter = Filters.all[name] else { throw Problem("there is no filter \"\(name)\"") }
    return try filter(value, arguments, self)
  }
}
