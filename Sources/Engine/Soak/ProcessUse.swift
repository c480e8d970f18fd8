import Foundation

/// What this process has of the system, by /proc; zero where there is none.
package struct ProcessUse: Sendable, Equatable {
  /// Bytes of memory that are resident.
  package var residentBytes = 0
  package var openFiles = 0
  package var threads = 0

  package static var now: ProcessUse {
    var use = ProcessUse()
    for line in text("/proc/self/status").split(separator: "\n") {
      let words = line.split { $0 == ":" || $0 == "\t" || $0 == " " }
      guard words.count > 1, let number = Int(words[1]) else { continue }
      if words[0] == "VmRSS" { use.residentBytes = number * 1024 }
      if words[0] == "Threads" { use.threads = number }
    }
    use.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    return use
  }

  private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
