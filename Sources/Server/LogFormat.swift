import Foundation
package import Logging

/// How the log is written.
package enum LogFormat: String, Sendable, CaseIterable {
  case text
  /// One JSON object a line.
  case json
}

/// Writes the log to stderr, a line an entry.
package struct LineLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  private let format: LogFormat
  private let write: @Sendable (String) -> Void

  /// - Parameter write: takes a line without its end.
  package init(_ format: LogFormat, level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
    self.format = format
    self.write = write
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var all = metadata
    for (key, value) in event.metadata ?? [:] { all[key] = value }
    // Hummingbird's own number is of no use beside ours.
    all["hb.request.id"] = nil
    let entry = LogLine(
      time: Date(), level: event.level.rawValue, message: "\(event.message)",
      metadata: all.mapValues { "\($0)" })
    write(format == .json ? entry.json : entry.text)
  }
}
