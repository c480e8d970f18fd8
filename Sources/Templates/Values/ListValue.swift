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
