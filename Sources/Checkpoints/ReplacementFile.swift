import Foundation
import JSON

/// A file under a temporary name beside its place, which it takes when it is complete.
struct ReplacementFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32

  init(path: String) throws(CheckpointError) {
    if path.utf8.contains(0) { throw CheckpointError("\(printable(path)): the path holds a NUL character") }
    if path.isEmpty { throw CheckpointError("\"\": cannot be written: the path is empty") }
    var status = stat()
    // Renaming over it would replace a device or pipe.
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw CheckpointError("\(path): cannot be written: found a folder, device or pipe, expected a file or nothing")
    }
    self.path = path
    temporary = "\(path).\(getpid())-\(UInt64.random(in: 0...UInt64.max)).part"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw CheckpointError("\(path): cannot be written: \(systemMessage(errno))") }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw CheckpointError("\(path): cannot be written: \(systemMessage(errno))")
      }
      rest = rest.dropFirst(count)
    }
  }

  func commit() throws(CheckpointError) {
    // Otherwise the name could reach the disk before the bytes.
    if fsync(descriptor) != 0 || rename(temporary, path) != 0 {
      throw CheckpointError("\(path): cannot be written: \(systemMessage(errno))")
    }
    close(descriptor)
  }

  func discard() {
    close(descriptor)
    unlink(temporary)
  }
}
