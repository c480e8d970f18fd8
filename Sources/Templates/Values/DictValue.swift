/// A mapping, in the order in which its keys came.
final class DictValue {
  let keys: [Value]
  let values: [Value]
  let extent: Extent
  /// Places by key.
  private var places: [DictKey: Int] = [:]

  /// Of two entries with one key the later value counts, at the place of the first.
  init(_ entries: some Sequence<(key: Value, value: Value)>) throws {
    var keys: [Value] = []
    var values: [Value] = []
    for (key, value) in entries {
      let place = DictKey(try key.checkedKey())
      if let index = places[place] {
        values[index] = value
      } else {
        places[place] = keys.count
        keys.append(key)
        values.append(value)
      }
    }
    extent = try Extent(of: keys + values)
    self.keys = keys
    self.values = values
  }

  var count: Int { keys.count }
  var entries: Zip2Sequence<[Value], [Value]> { zip(keys, values) }

  /// Nil where the key is not there. Throws for a key that cannot be one.
  func value(of key: Value) throws -> Value? {
    places[DictKey(try key.checkedKey())].map { values[$0] }
  }

  func value(of key: String) -> Value? { places[DictKey(.string(key))].map { values[$0] } }
}

/// `keys()`, `values()` or `items()`.
struct DictView {
  enum Part { case keys, values, items }
  let dict: DictValue
  let part: Part

  func elements() throws -> [Value] {
    switch part {
    case .keys: dict.keys
    case .values: dict.values
    case .items: try dict.entries.map { .list(try ListValue([$0, $1], isTuple: true)) }
    }
  }
}

/// A key with Python's equality: 1, 1.0 and true are one.
private struct DictKey: Hashable {
  let value: Value

  init(_ value: Value) { self.value = value }

  static func == (left: Self, right: Self) -> Bool { left.value.equals(right.value) }

  func hash(into hasher: inout Hasher) {
    switch value {
    case .text(let text): hasher.combine(text)
    case .list(let list): for item in list.items { DictKey(item).hash(into: &hasher) }
    default: hasher.combine(value.number)
    }
  }
}

extension Value {
  /// The value itself, if a mapping can have it as a key.
  fileprivate func checkedKey() throws -> Value {
    switch self {
    case .text, .int, .bool, .double, .none: return self
    case .list(let list) where list.isTuple:
      for item in list.items { _ = try item.checkedKey() }
      return self
    default: throw Problem("\(kind) cannot be the key of a mapping")
    }
  }
}
