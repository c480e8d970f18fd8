extension Renderer {
  func binary(_ operation: BinaryOperator, _ left: Value, _ right: Value) throws -> Value {
    if let result = try Arithmetic.result(operation, left, right) { return result }
    switch (operation, left, right) {
    case (.add, .text(let left), .text(let right)):
      try budget.spendText(left.string.utf8.count + right.string.utf8.count)
      let isMarkup = left.isMarkup || right.isMarkup
      let parts = [left, right].map { isMarkup && !$0.isMarkup ? Text.escaped($0.string) : $0.string }
      return .text(Text(parts[0] + parts[1], isMarkup: isMarkup))
    case (.add, .list(let left), .list(let right)) where left.isTuple == right.isTuple:
      return try list(left.items + right.items, isTuple: left.isTuple)
    case (.multiply, .text(let text), let count), (.multiply, let count, .text(let text)):
      guard let count = count.integer else { break }
      return try self.text(repeated(text.string, count), isMarkup: text.isMarkup)
    case (.multiply, .list(let items), let count), (.multiply, let count, .list(let items)):
      guard let count = count.integer else { break }
      let (size, overflow) = items.items.count.multipliedReportingOverflow(by: max(0, count))
      try budget.spendElements(overflow ? .max : size)
      return .list(
        try ListValue(Array(repeatElement(items.items, count: max(0, count)).joined()), isTuple: items.isTuple))
    case (.remainder, .text(let format), let value): return try text(PercentFormat.text(format.string, value, self))
    default: break
    }
    for value in [left, right] {
      if case .undefined(let what) = value { throw Problem("\(what) is undefined") }
    }
    throw Problem("\(operation.rawValue) cannot join \(left.kind) and \(right.kind)")
  }

  /// A string several times, paid for before it is made.
  func repeated(_ text: String, _ count: Int) throws -> String {
    let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
    try budget.spendText(overflow ? .max : size)
    return String(repeating: text, count: max(0, count))
  }
}
