import Backend
import Scheduling

/// Rows of an iteration that pass the same layers: all decode rows, or a tile.
struct BatchPart {
  /// One request's rows.
  struct Run {
    let id: RequestID
    /// In the iteration's hidden states.
    let rows: Range<Int>
    /// In the request's sequence.
    let positions: Range<Int>
    let tokens: [Int32]
    let blocks: [Int32]
  }

  let layers: Range<Int>
  let isDecode: Bool
  /// Of all runs together.
  private(set) var rows: Range<Int>
  private(set) var runs: [Run] = []

  init(layers: Range<Int>, isDecode: Bool, start: Int) {
    self.layers = layers
    self.isDecode = isDecode
    rows = start..<start
  }

  mutating func append(
    _ id: RequestID, tokens: some Collection<Int32>, positions: Range<Int>, blocks: [Int32]
  ) {
    let own = rows.upperBound..<rows.upperBound + positions.count
    runs.append(Run(id: id, rows: own, positions: positions, tokens: Array(tokens), blocks: blocks))
    rows = rows.lowerBound..<own.upperBound
  }

  func holds(_ layer: Int) -> Bool { !rows.isEmpty && layers.contains(layer) }
}

/// A stretch of rows to be copied: `rows` of the source go to the rows from `start` on.
struct RowMove {
  var rows: Range<Int>
  var start: Int
}

extension [RowMove] {
  /// Adds a move; one that goes on where the last one ends becomes a part of it.
  mutating func add(_ rows: Range<Int>, to start: Int) {
    guard !rows.isEmpty else { return }
    if let last, last.rows.upperBound == rows.lowerBound, last.start + last.rows.count == start {
      self[count - 1].rows = last.rows.lowerBound..<rows.upperBound
    } else {
      append(RowMove(rows: rows, start: start))
    }
  }
}

/// The parts of one iteration, and the batches of those that run together at a layer.
struct Iteration<B: Backend> {
  /// The decode rows first.
  let parts: [BatchPart]
  private let prepare: (BatchLayout) throws -> B.Batch
  private var batches: [[Int]: B.Batch] = [:]

  init(parts: [BatchPart], prepare: @escaping (BatchLayout) throws -> B.Batch) {
    self.parts = parts
    self.prepare = prepare
  }

  var rowCount: Int { parts.last?.rows.upperBound ?? 0 }

  /// Whether the rows of these parts are the first ones of the hidden states.
  func areFirst(_ active: some Collection<Int>) -> Bool {
    var end = 0
    for index in active {
      guard parts[index].rows.lowerBound == end else { return false }
      end = parts[index].rows.upperBound
    }
    return true
  }

  /// How the rows of these parts come to lie behind each other.
  func moves(of active: some Collection<Int>) -> [RowMove] {
    var moves: [RowMove] = []
    var start = 0
    for index in active {
      moves.add(parts[index].rows, to: start)
      start += parts[index].rows.count
    }
    return moves
  }

  /// The batch of these parts; where they are the first ones, that of all parts serves.
  mutating func batch(of active: some Collection<Int>) throws -> B.Batch {
    let key = areFirst(active) ? Array(parts.indices) : Array(active)
    if let batch = batches[key] { return batch }
    var layout = BatchLayout()
    for run in key.flatMap({ parts[$0].runs }) {
      layout.append(tokens: run.tokens, firstPosition: run.positions.lowerBound, blocks: run.blocks)
    }
    let batch = try prepare(layout)
    batches[key] = batch
    return batch
  }
}
