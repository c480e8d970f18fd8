// Attributes, items and slices, as Jinja's sandbox gives them.
extension Renderer {
  /// `value.name`: a method or attribute, or else the item of that name.
  func attribute(_ name: String, of value: Value) throws -> Value {
    if case .undefined(let what) = value { throw Problem("\(what) is undefined, and has no attribute \"\(name)\"") }
    if name.hasPrefix("__"), name.hasSuffix("__") { return .undefined("access to \"\(name)\" is not allowed") }
    if let attribute = Methods.attribute(name, of: value) { return attribute }
    switch value {
    case .dict(let dict): return dict.value(of: name) ?? .undefined(name)
    case .namespace(let namespace): return namespace[name] ?? .undefined(name)
    case .loop(let loop): return loop.attribute(name) ?? .undefined("loop.\(name)")
    case .macro(let macro) where name == "name": return .string(macro.signature.name)
    case .macro(let macro) where name == "arguments":
      return try list(macro.signature.parameters.map { .string(syntax.names[$0]) }, isTuple: true)
    case .cycler(let cycler) where name == "current": return cycler.current
    default: return .undefined("\"\(name)\" of \(value.kind)")
    }
  }

  /// `value[index]`: the item, or else the attribute of that name.
  func item(_ index: Value, of value: Value) throws -> Value {
    switch value {
    case .dict(let dict):
      // What cannot be a key is not there.
      if let found = try? dict.value(of: index) { return found }
    case .list(let list):
      if let place = place(index, list.items.count) { return list.items[place] }
    case .text(let text):
      if index.integer != nil {
        let scalars = Array(text.scalars)
        try budget.spend(scalars.count / 16)
        guard let place = place(index, scalars.count) else { return .undefined("an item of a string") }
        return .string(String(scalars[place]))
      }
    case .range(let range):
      if let place = place(index, range.count) { return .int(range[place]) }
    case .undefined(let what): throw Problem("\(what) is undefined, and has no items")
    default: break
    }
    guard case .text(let name) = index else { return .undefined("an item of \(value.kind)") }
    if case .dict = value { return Methods.attribute(name.string, of: value) ?? .undefined(name.string) }
    return try attribute(name.string, of: value)
  }

  /// The place that an index means in a sequence, from the end where it is negative.
  private func place(_ index: Value, _ count: Int) -> Int? {
    guard let index = index.integer else { return nil }
    let place = index < 0 ? index + count : index
    return (0..<count).contains(place) ? place : nil
  }

  func slice(_ value: Value, _ start: Int?, _ stop: Int?, step: Int?) throws -> Value {
    if step == 0 { throw Problem("a slice with the step 0") }
    func cut<Item>(_ items: [Item]) throws -> [Item] {
      try budget.spend(items.count / 4)
      return Self.places(items.count, start, stop, step ?? 1).map { items[$0] }
    }
    switch value {
    case .text(let text):
      let scalars = try cut(Array(text.scalars))
      return try self.text(String(String.UnicodeScalarView(scalars)), isMarkup: text.isMarkup)
    case .list(let list): return try self.list(cut(list.items), isTuple: list.isTuple)
    case .range(let range): return try list(cut(range.items).map { .int($0) })
    case .undefined(let what): throw Problem("\(what) is undefined, and has no items")
    default: return .undefined("a slice of \(value.kind)")
    }
  }

  /// The indices that Python's slice takes of `count` items.
  static func places(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> [Int] {
    func clamp(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
      let place = bound < 0 ? max(bound, -count - 1) + count : bound
      return min(max(place, range.lowerBound), range.upperBound)
    }
    if step > 0 {
      let first = start.map { clamp($0, 0...count) } ?? 0
      let last = stop.map { clamp($0, 0...count) } ?? count
      return Array(stride(from: first, to: last, by: step))
    }
    guard count > 0 else { return [] }
    let first = start.map { clamp($0, -1...count - 1) } ?? count - 1
    let last = stop.map { clamp($0, -1...count - 1) } ?? -1
    return Array(stride(from: first, to: last, by: step))
  }
}
