/// How large a value is, counted when it is made: what walks over a value stays inside these limits.
///
/// One list may be an element of many, so a small template can make a value that takes for ever to print or compare.
struct Extent {
  /// How deep lists and mappings are in each other.
  var nesting = 0
  /// Values in it, each as often as it is reached.
  var size = 1

  init(size: Int = 1) { self.size = max(1, size) }

  init(of items: some Sequence<Value>) throws {
    for item in items {
      let extent = item.extent
      nesting = max(nesting, extent.nesting)
      size += extent.size
      if size > Budget.size { throw Problem("a list or mapping of more than \(Budget.size) values") }
    }
    nesting += 1
    if nesting > Budget.nesting { throw Problem("values nested more than \(Budget.nesting) deep") }
  }
}
