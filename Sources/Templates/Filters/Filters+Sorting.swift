extension Filters {
  /// What values are sorted by: texts without their case, unless asked for.
  private struct Order {
    let isCaseSensitive: Bool
    let isReversed: Bool
    let renderer: Renderer

    func key(_ value: Value) -> Value {
      if !isCaseSensitive, case .text(let text) = value { return .string(PythonCase.lower(text.string)) }
      return value
    }

    /// Stable in both directions.
    func sorted(_ items: [Value], by keys: (Value) throws -> Value) throws -> [Value] {
      try renderer.budget.spend(16 * items.reduce(0) { $0 + $1.extent.size })
      var keyed = try items.enumerated().map { (place: $0, key: key(try keys($1)), item: $1) }
      try keyed.sort { left, right in
        if try left.key.precedes(right.key) { return !isReversed }
        if try right.key.precedes(left.key) { return isReversed }
        return left.place < right.place
      }
      return keyed.map(\.item)
    }
  }

  static let sorted: Filter = { value, arguments, renderer in
    let values = try arguments.values("reverse", "case_sensitive", "attribute", of: "sort")
    let order = Order(
      isCaseSensitive: values[1]?.isTrue ?? false, isReversed: values[0]?.isTrue ?? false, renderer: renderer)
    return try renderer.list(
      order.sorted(renderer.elements(value)) { item in
        guard let attribute = values[2], !attribute.equals(.none) else { return item }
        let paths = try renderer.printed(attribute).parts(separatedBy: ",")
        let keys = try paths.map { order.key(try renderer.value(at: .string($0), of: item)) }
        return keys.count == 1 ? keys[0] : try renderer.list(keys)
      })
  }

  static let dictSorted: Filter = { value, arguments, renderer in
    let values = try arguments.values("case_sensitive", "by", "reverse", of: "dictsort")
    guard case .dict(let dict) = value else { throw Problem("dictsort needs a mapping, found \(value.kind)") }
    let order = Order(
      isCaseSensitive: values[0]?.isTrue ?? false, isReversed: values[2]?.isTrue ?? false, renderer: renderer)
    let by = try values[1].map { try renderer.printed($0) } ?? "key"
    guard by == "key" || by == "value" else { throw Problem("dictsort sorts by \"key\" or \"value\"") }
    let entries = try DictView(dict: dict, part: .items).elements()
    return try renderer.list(order.sorted(entries) { try renderer.item(.int(by == "key" ? 0 : 1), of: $0) })
  }

  static let least: Filter = { value, arguments, renderer in
    try extreme(value, arguments, renderer, "min") { try $0.precedes($1) }
  }

  static let greatest: Filter = { value, arguments, renderer in
    try extreme(value, arguments, renderer, "max") { try $1.precedes($0) }
  }

  private static func extreme(
    _ value: Value, _ arguments: CallArguments, _ renderer: Renderer, _ name: String,
    _ isBetter: (Value, Value) throws -> Bool
  ) throws -> Value {
    let values = try arguments.values("case_sensitive", "attribute", of: name)
    let order = Order(isCaseSensitive: values[0]?.isTrue ?? false, isReversed: false, renderer: renderer)
    var best: (key: Value, item: Value)?
    for item in try renderer.elements(value) {
      let key = order.key(try values[1].map { try renderer.value(at: $0, of: item) } ?? item)
      if let known = best, try !isBetter(key, known.key) { continue }
      best = (key, item)
    }
    return best?.item ?? .undefined("the \(name) of nothing")
  }

  static let unique: Filter = { value, arguments, renderer in
    let values = try arguments.values("case_sensitive", "attribute", of: "unique")
    let order = Order(isCaseSensitive: values[0]?.isTrue ?? false, isReversed: false, renderer: renderer)
    var keys: [(key: Value, value: Value)] = []
    for item in try renderer.elements(value) {
      let key = order.key(try values[1].map { try renderer.value(at: $0, of: item) } ?? item)
      keys.append((key, item))
    }
    // A mapping keeps the place of the first of its keys; turned around twice, it keeps the first value too.
    let firsts = try DictValue(keys.reversed())
    let seen = try DictValue(keys)
    return try renderer.iterator(try seen.keys.map { try firsts.value(of: $0) ?? .none })
  }

  static let grouped: Filter = { value, arguments, renderer in
    let values = try arguments.values("attribute", "default", "case_sensitive", of: "groupby")
    guard let attribute = values[0] else { throw Problem("groupby needs an attribute") }
    let order = Order(isCaseSensitive: values[2]?.isTrue ?? false, isReversed: false, renderer: renderer)
    func key(_ item: Value) throws -> Value {
      let key = try renderer.value(at: attribute, of: item)
      return key.isUndefined ? values[1] ?? key : key
    }
    var groups: [(key: Value, items: [Value])] = []
    for item in try order.sorted(renderer.elements(value), by: key) {
      let key = try key(item)
      if let last = groups.last, order.key(last.key).equals(order.key(key)) {
        groups[groups.count - 1].items.append(item)
      } else {
        groups.append((key, [item]))
      }
    }
    return try renderer.list(
      groups.map { try renderer.list([$0.key, renderer.list($0.items)], isTuple: true) })
  }
}
