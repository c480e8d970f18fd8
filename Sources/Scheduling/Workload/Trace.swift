/// The lengths of real requests, one after another.
package struct Trace: Sendable, Equatable {
  /// One request's lengths, in tokens, both at least 1.
  package struct Entry: Sendable, Equatable {
    package var promptTokens: Int
    package var outputTokens: Int
    /// Seconds from the trace's beginning, where it tells.
    package var arrival: Double?

    package init(promptTokens: Int, outputTokens: Int, arrival: Double? = nil) {
      self.promptTokens = promptTokens
      self.outputTokens = outputTokens
      self.arrival = arrival
    }

    /// Positions that the KV cache has to hold: all but the last generated token, which is never fed back.
    package var positions: Int { promptTokens + outputTokens - 1 }
  }

  package let entries: [Entry]

  package init(entries: [Entry]) { self.entries = entries }

  /// Whether it tells when its requests arrived.
  package var hasArrivals: Bool { entries.allSatisfy { $0.arrival != nil } }

  /// Reads CSV whose first line names the columns, `prompt_tokens` and `output_tokens` among them, and perhaps `arrival`, in
  /// seconds.
  ///
  /// - Parameter source: the file, for messages.
  /// - Throws: `SchedulingError` naming the line (from 1) that is empty or malformed, and what was expected.
  package init(csv: String, source: String) throws(SchedulingError) {
    // Spreadsheets write a byte order mark first.
    let text = csv.unicodeScalars.first == "\u{FEFF}" ? csv.dropFirst() : csv[...]
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { Self.fields($0) }
    if lines.last?.allSatisfy(\.isEmpty) == true { lines.removeLast() }
    guard let header = lines.first else { throw SchedulingError("\(source): the trace is empty") }
    func column(_ name: String) throws(SchedulingError) -> Int {
      guard let index = header.firstIndex(of: name) else {
        throw SchedulingError("\(source): line 1: there is no column \(name), expected prompt_tokens and output_tokens")
      }
      return index
    }
    let columns = (prompt: try column("prompt_tokens"), output: try column("output_tokens"))
    let arrivals = header.firstIndex(of: "arrival")
    var entries: [Entry] = []
    entries.reserveCapacity(lines.count)
    for (index, fields) in lines.enumerated().dropFirst() {
      func tokens(_ column: Int) throws(SchedulingError) -> Int {
        guard fields.count == header.count, let value = Int(fields[column]), (1...Self.mostTokens).contains(value)
        else {
          let found = fields.allSatisfy(\.isEmpty) ? "an empty line" : "\"\(fields.joined(separator: ",").prefix(80))\""
          throw SchedulingError(
            "\(source): line \(index + 1): found \(found), expected \(header.count) fields with numbers of tokens from 1 "
              + "in \(header[columns.prompt]) and \(header[columns.output])")
        }
        return value
      }
      var entry = Entry(promptTokens: try tokens(columns.prompt), outputTokens: try tokens(columns.output))
      entry.arrival = try arrivals.map { column throws(SchedulingError) in
        guard let time = Double(fields[column]), (0...Self.latest).contains(time) else {
          throw SchedulingError(
            "\(source): line \(index + 1): found arrival \(fields[column]), expected seconds from 0 to \(Self.latest)")
        }
        return time
      }
      entries.append(entry)
    }
    guard !entries.isEmpty else { throw SchedulingError("\(source): the trace has no request behind its first line") }
    self.entries = entries
  }

  private static let mostTokens = 1 << 24
  private static let latest = 1e9

  private static func fields(_ line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map { field in
      var field = field[...]
      while field.first?.isWhitespace == true { field.removeFirst() }
      while field.last?.isWhitespace == true { field.removeLast() }
      return String(field)
    }
  }
}
