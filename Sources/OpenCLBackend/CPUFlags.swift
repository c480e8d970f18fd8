import Foundation

/// The instructions that the CPU of this machine has, as Linux names them; empty elsewhere.
package enum CPUFlags {
  package static let all: Set<String> = {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return [] }
    let line = text.split(separator: "\n").first { $0.hasPrefix("flags") }
    return Set((line ?? "").split(whereSeparator: { $0.isWhitespace }).map(String.init))
  }()
}
