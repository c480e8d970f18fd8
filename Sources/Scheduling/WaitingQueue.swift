/// The requests that wait, by their turn.
///
/// They lie in an array, the first at its end, so that taking it is cheap; most requests come last, which moves what
/// is behind them. With ten thousand waiting a move is some microseconds.
package struct WaitingQueue: Sendable {
  /// What the scheduler keeps of a request that waits.
  package struct Entry: Sendable {
    package let shape: RequestShape
    /// Tokens that it had generated before it was preempted.
    package let generated: Int
    /// The keys of its full blocks, those of generated tokens too.
    package let keys: [BlockKey]

    /// Tokens that have to pass the model before the next one can be chosen.
    package var length: Int { shape.promptTokens + generated }
  }

  /// The last in turn first.
  private var entries: [Entry] = []

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }
  package var first: Entry? { entries.last }

  /// In turn, the first one first.
  package var inTurn: some Sequence<Entry> { entries.reversed() }

  mutating func insert(_ entry: Entry) {
    let turn = entry.shape.turn
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].shape.turn < turn { high = middle } else { low = middle + 1 }
    }
    entries.insert(entry, at: low)
  }

  /// Takes the request out; nil if it does not wait.
  mutating func remove(_ id: RequestID) -> Entry? {
    if let first, first.shape.id == id { return entries.popLast() }
    return entries.lastIndex { $0.shape.id == id }.map { entries.remove(at: $0) }
  }

  func contains(_ id: RequestID) -> Bool { entries.contains { $0.shape.id == id } }
}
