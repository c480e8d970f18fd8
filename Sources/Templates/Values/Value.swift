/// A value of a template, as Python has it.
enum Value {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(Text)
  case list(ListValue)
  case dict(DictValue)
  case range(RangeValue)
  /// Gives its elements once: what `map`, `select` and the like make.
  case iterator(IteratorValue)
  /// `keys()`, `values()` or `items()` of a mapping.
  case view(DictView)
  case namespace(NamespaceValue)
  case loop(LoopValue)
  case macro(MacroValue)
  case cycler(CyclerValue)
  /// A method together with the value it belongs to.
  indirect case method(MethodValue)
  case function(GlobalFunction)
  /// Named for messages: what was asked for and is not there.
  case undefined(String)

  static func string(_ text: String) -> Value { .text(Text(text)) }

  /// The name of the value's type, for messages.
  var kind: String {
    switch self {
    case .none: "none"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .text: "a string"
    case .list(let list): list.isTuple ? "a tuple" : "a list"
    case .dict: "a mapping"
    case .range: "a range"
    case .iterator: "a generator"
    case .view: "a view of a mapping"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .macro: "a macro"
    case .cycler: "a cycler"
    case .method, .function: "a function"
    case .undefined(let name): "undefined (\(name))"
    }
  }

  var extent: Extent {
    switch self {
    case .list(let list): list.extent
    case .dict(let dict): dict.extent
    case .view(let view): view.dict.extent
    case .iterator(let iterator): iterator.extent
    case .method(let method): method.receiver.extent
    case .cycler(let cycler): cycler.items.extent
    case .range(let range): Extent(size: range.count)
    default: Extent()
    }
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }

  /// An integer: a number or, as in Python, a boolean.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// A number as floating point.
  var number: Double? {
    if case .double(let value) = self { value } else { integer.map(Double.init) }
  }
}

/// A list or tuple.
final class ListValue {
  let items: [Value]
  let isTuple: Bool
  let extent: Extent

  init(_ items: [Value], isTuple: Bool = false) throws {
    self.items = items
    self.isTuple = isTuple
    extent = try Extent(of: items)
  }
}

/// `range(start, stop, step)`.
struct RangeValue: Equatable {
  var start: Int
  var stop: Int
  var step: Int

  /// The last index, if there is one.
  private var last: UInt? {
    guard step > 0 ? start < stop : start > stop else { return nil }
    return (UInt(bitPattern: step > 0 ? stop &- start : start &- stop) - 1) / step.magnitude
  }

  var isTooLong: Bool { last.map { $0 >= UInt(Budget.range) } ?? false }

  var count: Int { last.map { Int($0) + 1 } ?? 0 }

  var items: [Int] { (0..<count).map { self[$0] } }

  subscript(index: Int) -> Int { start &+ index &* step }
}

final class IteratorValue {
  private var items: [Value]
  private var next = 0
  let extent: Extent

  init(_ items: [Value]) throws {
    self.items = items
    extent = try Extent(of: items)
  }

  /// What is left; then nothing is.
  func takeAll() -> [Value] {
    defer { next = items.count }
    return Array(items[next...])
  }

  func takeFirst() -> Value? {
    guard next < items.count else { return nil }
    next += 1
    return items[next - 1]
  }
}

/// The only value that a template can change. `Renderer` empties them all in the end, so that cycles of them are freed.
final class NamespaceValue {
  var attributes: [(name: String, value: Value)] = []

  subscript(name: String) -> Value? {
    get { attributes.first { Text.same($0.name, name) }?.value }
    set {
      guard let newValue else { return }
      if let place = attributes.firstIndex(where: { Text.same($0.name, name) }) {
        attributes[place].value = newValue
      } else {
        attributes.append((name, newValue))
      }
    }
  }
}

final class CyclerValue {
  let items: Value
  private let values: [Value]
  private var position = 0
  /// Makes "" the first time and its separator from then on, as `joiner` does.
  let isJoiner: Bool

  init(_ values: [Value], isJoiner: Bool = false) throws {
    self.values = values
    self.isJoiner = isJoiner
    items = .list(try ListValue(values, isTuple: true))
  }

  var current: Value { values[position] }

  func next() -> Value {
    defer { position = isJoiner ? values.count - 1 : (position + 1) % values.count }
    return current
  }

  func reset() { position = 0 }
}

struct MethodValue {
  let receiver: Value
  let name: String

  init(_ receiver: Value, _ name: String) {
    self.receiver = receiver
    self.name = name
  }
}
