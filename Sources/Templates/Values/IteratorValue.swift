/// Elements that are given once.
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
