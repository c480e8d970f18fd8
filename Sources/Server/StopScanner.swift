/// Looks for stop strings in a text that comes in pieces, and holds back what could be the start of one.
struct StopScanner: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

  /// Takes a piece of whole characters, and gives the text that can go out; with a stop string found, the text before
  /// the first one, and what has come from it on.
  mutating func append(_ piece: String) -> (text: String, stop: String?) {
    guard !stops.isEmpty else { return (piece, nil) }
    held += Array(piece.utf8)
    for start in held.indices {
      let rest = held[start...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        defer { held = [] }
        return (String(decoding: held[..<start], as: UTF8.self), String(decoding: rest, as: UTF8.self))
      }
    }
    let safe = held.indices.first { start in stops.contains { $0.starts(with: held[start...]) } } ?? held.count
    defer { held.removeFirst(safe) }
    return (String(decoding: held[..<safe], as: UTF8.self), nil)
  }

  /// What was held back: no stop string came of it.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }
}
