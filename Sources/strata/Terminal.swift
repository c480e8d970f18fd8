import Checkpoints
import Foundation
import Synchronization

/// Results go to stdout, everything else that a person sees to stderr; both at once, without a buffer.
///
/// A closed pipe ends the process by SIGPIPE, as it does other tools; where that signal is ignored, it is an error like
/// a full disk.
enum Terminal {
  static var isInteractive: Bool { isatty(STDERR_FILENO) != 0 }

  static func output(_ text: String) throws(OutputError) {
    if let code = write(text, to: STDOUT_FILENO) {
      throw OutputError(description: "standard output cannot be written: \(systemMessage(code))")
    }
  }

  /// Writes a line to stderr. If that fails, there is nobody to tell.
  static func error(_ line: String) { message(line + "\n") }

  static func message(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Text that a person may skip: without color where there is no terminal.
  static func dimmed(_ text: String) -> String { isInteractive ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// Gives the error number if it fails.
  private static func write(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count < 0 { return errno }
        rest = rest.dropFirst(count)
      }
      return nil
    }
  }
}

/// Stdout cannot be written.
struct OutputError: Error, CustomStringConvertible {
  let description: String
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
      Terminal.message("\r\(what) \(percent) %")
    } else {
      Terminal.error("\(what) \(percent) %")
    }
  }

  /// Says what is done now, for steps whose end is not known; without a terminal only the first of them.
  func step(_ text: String) {
    guard ContinuousClock.now - start > .seconds(1) else { return }
    let isFirst = lastShown.withLock { last in
      defer { last = -1 }
      return last != -1
    }
    if Terminal.isInteractive {
      Terminal.message("\r\u{1B}[K\(text)")
    } else if isFirst {
      Terminal.error(text)
    }
  }

  func finish() {
    let wasShown = lastShown.withLock { $0 != nil }
    if wasShown, Terminal.isInteractive { Terminal.message("\r\u{1B}[K") }
  }
}
