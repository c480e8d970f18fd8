import Foundation
import Synchronization

/// What a person sees besides results: everything here goes to stderr.
enum Terminal {
  static var isInteractive: Bool { isatty(STDERR_FILENO) != 0 }

  static func error(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

  /// Writes to stdout at once.
  static func output(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}

/// Shows how far a long step is, once it has taken a second.
final class ProgressLine: Sendable {
  private let what: String
  private let start = ContinuousClock.now
  private let lastShown = Mutex<Int?>(nil)

  init(_ what: String) { self.what = what }

  func update(_ done: Int, _ total: Int) {
    guard total > 0, ContinuousClock.now - start > .seconds(1) else { return }
    let percent = done * 100 / total
    let isNews = lastShown.withLock { last in
      // Without a terminal a line for every tenth is enough.
      guard percent != last, Terminal.isInteractive || percent / 10 != (last ?? -10) / 10 else { return false }
      last = percent
      return true
    }
    guard isNews else { return }
    if Terminal.isInteractive {
      FileHandle.standardError.write(Data("\r\(what) \(percent) %".utf8))
    } else {
      Terminal.error("\(what) \(percent) %")
    }
  }

  func finish() {
    let wasShown = lastShown.withLock { $0 != nil }
    if wasShown, Terminal.isInteractive { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }
}
