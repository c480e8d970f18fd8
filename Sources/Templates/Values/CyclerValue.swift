/// What `cycler` and `joiner` make.
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
