/// Takes server-sent events apart, as their bytes come.
struct EventLines: Sendable {
  private var rest: [UInt8] = []
  private static let prefix = Array("data:".utf8)

  /// The data of the lines that are complete with these bytes.
  mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    rest += bytes
    var events: [[UInt8]] = []
    var start = 0
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
      var line = rest[start..<end]
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.starts(with: Self.prefix) {
        line = line.dropFirst(Self.prefix.count)
        if line.first == UInt8(ascii: " ") { line.removeFirst() }
        events.append(Array(line))
      }
      start = end + 1
    }
    rest.removeFirst(start)
    return events
  }
}
