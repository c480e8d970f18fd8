/// The merges of a byte-pair encoding, and merging by them.
///
/// Of all neighbouring pairs in a word that have a merge, the one with the lowest rank is joined, the leftmost first,
/// until none is left. A heap of candidates and a linked list of symbols make that O(n log n) in the word's length.
struct BytePairMerges: Sendable {
  private struct Merge {
    var rank: Int32
    var id: Int32
  }

  /// `left << 32 | right` → merge.
  private var merges: [UInt64: Merge] = [:]

  mutating func reserveCapacity(_ count: Int) {
    merges.reserveCapacity(count)
  }

  /// Of two merges for one pair the later counts.
  mutating func add(_ left: Int32, _ right: Int32, rank: Int32, result: Int32) {
    merges[Self.key(left, right)] = Merge(rank: rank, id: result)
  }

  /// Of two merges for one pair the first counts.
  mutating func addFirst(_ left: Int32, _ right: Int32, rank: Int32, result: Int32) {
    let key = Self.key(left, right)
    if merges[key] == nil { merges[key] = Merge(rank: rank, id: result) }
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// Room that merging needs, kept from word to word.
  struct Scratch {
    fileprivate struct Symbol {
      var id: Int32
      /// Index of the symbol before, or -1.
      var previous: Int32
      /// Index of the symbol behind, or -1.
      var next: Int32
      /// Whether it was joined to the symbol before it.
      var isGone = false
    }

    fileprivate struct Candidate {
      /// Rank above, position of the left symbol below: the heap's order.
      var order: UInt64
      var id: Int32
    }

    fileprivate var symbols: [Symbol] = []
    fileprivate var heap: [Candidate] = []
  }

  /// Joins the ids of one word (at most `Int32.max`) and appends what is left to `output`.
  func merge(_ word: some Collection<Int32>, with scratch: inout Scratch, into output: inout [Int32]) {
    scratch.symbols.removeAll(keepingCapacity: true)
    scratch.heap.removeAll(keepingCapacity: true)
    for id in word {
      let index = Int32(truncatingIfNeeded: scratch.symbols.count)
      scratch.symbols.append(.init(id: id, previous: index - 1, next: index + 1))
    }
    guard !scratch.symbols.isEmpty else { return }
    scratch.symbols[scratch.symbols.count - 1].next = -1
    for index in scratch.symbols.indices.dropLast() { offer(Int32(truncatingIfNeeded: index), &scratch) }

    while let top = scratch.heap.popFirst() {
      let left = Int(UInt32(truncatingIfNeeded: top.order))
      guard !scratch.symbols[left].isGone, scratch.symbols[left].next >= 0 else { continue }
      let right = Int(scratch.symbols[left].next)
      // The candidate may be stale. Like `tokenizers`, ask only whether the pair now there makes the same token.
      let pair = Self.key(scratch.symbols[left].id, scratch.symbols[right].id)
      guard merges[pair]?.id == top.id else { continue }
      scratch.symbols[left].id = top.id
      scratch.symbols[left].next = scratch.symbols[right].next
      scratch.symbols[right].isGone = true
      let after = scratch.symbols[right].next
      if after >= 0 { scratch.symbols[Int(after)].previous = Int32(truncatingIfNeeded: left) }
      let before = scratch.symbols[left].previous
      if before >= 0 { offer(before, &scratch) }
      if after >= 0 { offer(Int32(truncatingIfNeeded: left), &scratch) }
    }
    for symbol in scratch.symbols where !symbol.isGone { output.append(symbol.id) }
  }

  /// Puts the pair that begins at symbol `left` on the heap, if it has a merge.
  @inline(__always)
  private func offer(_ left: Int32, _ scratch: inout Scratch) {
    let symbol = scratch.symbols[Int(left)]
    guard let merge = merges[Self.key(symbol.id, scratch.symbols[Int(symbol.next)].id)] else { return }
    let order = UInt64(UInt32(bitPattern: merge.rank)) << 32 | UInt64(UInt32(bitPattern: left))
    scratch.heap.push(.init(order: order, id: merge.id))
  }
}

extension [BytePairMerges.Scratch.Candidate] {
  /// Adds to the binary heap with the lowest `order` first.
  fileprivate mutating func push(_ candidate: Element) {
    var index = count
    append(candidate)
    while index > 0 {
      let parent = (index - 1) / 2
      guard candidate.order < self[parent].order else { break }
      self[index] = self[parent]
      index = parent
    }
    self[index] = candidate
  }

  /// Takes the candidate with the lowest `order`.
  fileprivate mutating func popFirst() -> Element? {
    guard let top = first, let last = popLast() else { return nil }
    if isEmpty { return top }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < count else { break }
      if child + 1 < count, self[child + 1].order < self[child].order { child += 1 }
      guard self[child].order < last.order else { break }
      self[index] = self[child]
      index = child
    }
    self[index] = last
    return top
  }
}
