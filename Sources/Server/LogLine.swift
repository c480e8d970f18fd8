import Foundation
import JSON

/// An entry of the log.
struct LogLine: Sendable {
  var time: Date
  var level: String
  var message: String
  var metadata: [String: String]

  var json: String {
    var members = JSONMembers()
    _ = members.add("time", .text(timestamp))
    _ = members.add("level", .text(level))
    _ = members.add("message", .text(message))
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      _ = members.add(JSONString(key), Self.number(value) ?? .text(value))
    }
    return JSONValue.object(members).text
  }

  var text: String {
    let fields = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(printable($0.value))" }
    return "\(timestamp) \(level) \(printable(message))\(fields.joined())"
  }

  private var timestamp: String {
    time.formatted(.iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true))
  }

  private static func number(_ text: String) -> JSONValue? {
    if let int = Int(text) { return .int(int) }
    return text.contains(".") ? Double(text).flatMap { $0.isFinite ? .double($0) : nil } : nil
  }
}
