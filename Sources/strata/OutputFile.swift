import Checkpoints
import Engine
import Foundation

/// A file that a command writes when all is done.
enum OutputFile {
  /// Finds out before the work whether `path` can be written, and leaves no trace.
  /// - Throws: `EngineError` naming the path and the reason.
  static func check(_ path: String) throws(EngineError) {
    if path.isEmpty { throw EngineError("\"\": cannot be written: the path is empty") }
    var status = stat()
    if stat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR { throw error(path, EISDIR) }
      if access(path, W_OK) != 0 { throw error(path, errno) }
      return
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw error(path, errno) }
    close(descriptor)
    unlink(path)
  }

  /// - Throws: `EngineError` naming the path and the reason.
  static func write(_ data: Data, to path: String) throws(EngineError) {
    do {
      try data.write(to: URL(fileURLWithPath: path))
    } catch { throw EngineError("\(path): cannot be written: \(error.localizedDescription)") }
  }

  private static func error(_ path: String, _ code: Int32) -> EngineError {
    EngineError("\(path): cannot be written: \(systemMessage(code))")
  }
}
