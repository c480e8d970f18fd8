extension Value {
  /// Python's `bool(value)`.
  var isTrue: Bool {
    switch self {
    case .none, .undefined: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let list): !list.items.isEmpty
    case .dict(let dict): dict.count > 0
    case .range(let range): range.count > 0
    case .view(let view): view.dict.count > 0
    case .iterator, .namespace, .loop, .macro, .cycler, .method, .function: true
    }
  }

  /// Python's `==`.
  func equals(_ other: Value) -> Bool {
    switch (self, other) {
    case (.none, .none), (.undefined, .undefined): return true
    case (.text(let left), .text(let right)): return left == right
    case (.list(let left), .list(let right)):
      return left === right
        || left.isTuple == right.isTuple && left.items.count == right.items.count
          && zip(left.items, right.items).allSatisfy { $0.equals($1) }
    case (.dict(let left), .dict(let right)):
      return left === right
        || left.count == right.count
          && left.entries.allSatisfy { key, value in (try? right.value(of: key))?.equals(value) ?? false }
    case (.range(let left), .range(let right)): return left.items == right.items
    case (.int(let left), .int(let right)): return left == right
    default:
      if let left = number, let right = other.number { return left == right }
      return isSame(as: other)
    }
  }

  /// Python's `is`, for values that have an identity.
  func isSame(as other: Value) -> Bool {
    switch (self, other) {
    case (.none, .none): true
    case (.bool(let left), .bool(let right)): left == right
    case (.int(let left), .int(let right)): left == right
    case (.text(let left), .text(let right)): left == right
    case (.list(let left), .list(let right)): left === right
    case (.dict(let left), .dict(let right)): left === right
    case (.namespace(let left), .namespace(let right)): left === right
    case (.iterator(let left), .iterator(let right)): left === right
    case (.macro(let left), .macro(let right)): left === right
    case (.loop(let left), .loop(let right)): left === right
    case (.cycler(let left), .cycler(let right)): left === right
    case (.function(let left), .function(let right)): left == right
    default: false
    }
  }

  /// Python's `<`.
  func precedes(_ other: Value) throws -> Bool {
    switch (self, other) {
    case (.text(let left), .text(let right)): return Text.precedes(left.string, right.string)
    case (.int(let left), .int(let right)): return left < right
    case (.list(let left), .list(let right)) where left.isTuple == right.isTuple:
      for (left, right) in zip(left.items, right.items) where !left.equals(right) { return try left.precedes(right) }
      return left.items.count < right.items.count
    default:
      guard let left = number, let right = other.number else {
        throw Problem("\(kind) and \(other.kind) have no order")
      }
      return left < right
    }
  }

  /// Python's `element in self`.
  func contains(_ element: Value) throws -> Bool {
    switch self {
    case .text(let text):
      guard case .text(let part) = element else { throw Problem("\(element.kind) cannot be in a string") }
      return text.string.firstRange(of: part.string) != nil
    case .dict(let dict): return try dict.value(of: element) != nil
    case .view(let view) where view.part == .keys: return try view.dict.value(of: element) != nil
    case .none, .bool, .int, .double, .namespace, .macro, .method, .function, .cycler:
      throw Problem("\(kind) has no elements")
    default: return try elements().contains { $0.equals(element) }
    }
  }

  /// What a loop over the value gives.
  func elements() throws -> [Value] {
    switch self {
    case .list(let list): return list.items
    case .dict(let dict): return dict.keys
    case .view(let view): return try view.elements()
    case .text(let text): return text.scalars.map { .string(String($0)) }
    case .range(let range): return range.items.map { .int($0) }
    case .iterator(let iterator): return iterator.takeAll()
    case .undefined: return []
    case .loop(let loop): return try loop.remaining()
    case .none, .bool, .int, .double, .namespace, .macro, .cycler, .method, .function:
      throw Problem("\(kind) cannot be looped over")
    }
  }

  /// Python's `len`.
  func count() throws -> Int {
    switch self {
    case .text(let text): return text.scalars.count
    case .list(let list): return list.items.count
    case .dict(let dict): return dict.count
    case .view(let view): return view.dict.count
    case .range(let range): return range.count
    case .loop(let loop): return loop.items.count
    case .undefined: return 0
    default: throw Problem("\(kind) has no length")
    }
  }
}
