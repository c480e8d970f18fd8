import Backend
import Scheduling

/// The hidden states of prompts in the middle of the layers, kept on the device from one iteration to the next.
struct Carry<B: Backend> {
  private var current: Rows<B>
  private var other: Rows<B>
  /// The rows of each request in `current`.
  private var rows: [RequestID: Range<Int>] = [:]

  init(columns: Int) {
    current = Rows(columns: columns, label: "carry")
    other = Rows(columns: columns, label: "carry")
  }

  mutating func release() {
    rows = [:]
    current.release()
    other.release()
  }

  /// Copies the rows of tiles that go on to their place in `hidden`.
  /// - Throws: `EngineError` if a request's rows are not here.
  mutating func restore(_ parts: [BatchPart], to hidden: B.Activation, _ backend: B) throws {
    var moves: [RowMove] = []
    for part in parts where part.layers.lowerBound > 0 {
      for run in part.runs {
        guard let own = rows[run.id], own.count == run.rows.count else {
          throw EngineError("\(run.id): its hidden states before layer \(part.layers.lowerBound) are not kept")
        }
        moves.add(own, to: run.rows.lowerBound)
      }
    }
    guard !moves.isEmpty else { return }
    let source = try current.atLeast(0, backend)
    for move in moves { try backend.copyRows(source, rows: move.rows, to: hidden, at: move.start) }
  }

  /// Keeps the rows of tiles that are not through all layers, and those of other requests that are `alive`.
  mutating func keep(
    _ parts: [BatchPart], of hidden: B.Activation, layerCount: Int, _ backend: B, alive: (RequestID) -> Bool
  ) throws {
    let tiles = parts.filter { !$0.isDecode }
    let unfinished = tiles.filter { $0.layers.upperBound < layerCount }.flatMap(\.runs)
    for run in tiles.flatMap(\.runs) { rows[run.id] = nil }
    let staying = rows.filter { alive($0.key) }.sorted { $0.value.lowerBound < $1.value.lowerBound }
    rows = Dictionary(uniqueKeysWithValues: staying.map { ($0.key, $0.value) })
    guard !unfinished.isEmpty else { return }

    var (old, new): ([RowMove], [RowMove]) = ([], [])
    var next: [RequestID: Range<Int>] = [:]
    var start = 0
    func place(_ id: RequestID, _ source: Range<Int>, _ moves: inout [RowMove]) {
      moves.add(source, to: start)
      next[id] = start..<start + source.count
      start += source.count
    }
    for (id, own) in staying { place(id, own, &old) }
    for run in unfinished { place(run.id, run.rows, &new) }
    let target = try other.atLeast(start, backend)
    if !old.isEmpty {
      let source = try current.atLeast(0, backend)
      for move in old { try backend.copyRows(source, rows: move.rows, to: target, at: move.start) }
    }
    for move in new { try backend.copyRows(hidden, rows: move.rows, to: target, at: move.start) }
    rows = next
    swap(&current, &other)
  }
}
