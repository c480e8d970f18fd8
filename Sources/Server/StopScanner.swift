/// Looks for stop strings in a text that comes in pieces, and holds back what could be the start of one.
struct StopScanner: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.sorted { $0.count > $1.count } }

  /// Takes a piece of whole characters, and gives the text that can go out; with a stop string found, the text before
  /// the first one that comes to its end, of two the longer, and what has come from it on.
  mutating func append(_ piece: String) -> (text: String, stop: String?) {
    guard !stops.isEmpty else { return (piece, nil) }
    let old = held.count
    held += Array(piece.utf8)
    for end in held.indices.dropFirst(old) {
      guard let stop = stops.first(where: { held[...end].ends(with: $0) }) else { continue }
      let start = end + 1 - stop.count
      defer { held = [] }
      return (String(decoding: held[..<start], as: UTF8.self), String(decoding: held[start...], as: UTF8.self))
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

extension ArraySlice<UInt8> {
  fileprivate func ends(with end: [UInt8]) -> Bool { count >= end.count && suffix(end.count).elementsEqual(end) }
}
