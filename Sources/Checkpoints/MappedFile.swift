import Backend
import Foundation
import JSON

/// A whole file, mapped read-only; the pages are read from the disk when they are first touched.
///
/// The mapping is private, but a file that another process shortens while it is mapped ends this process with
/// `SIGBUS` on the next access beyond its new end: `checkFile` tells before. Replace checkpoint files (rename), never
/// rewrite them in place.
package final class MappedFile: HostMemory, @unchecked Sendable {
  package let path: String
  /// Valid while this object lives: hold the object in a variable, or as a tensor's owner, for as long as it is read.
  package let bytes: UnsafeRawBufferPointer
  /// Kept open, so that a change of the file is noticed.
  private let descriptor: Int32
  private let modified: Modification

  /// Maps the file at `path`; symbolic links are followed.
  ///
  /// Throws if it is missing, unreadable, empty or not a regular file.
  package init(path: String) throws(CheckpointError) {
    if path.utf8.contains(0) { throw CheckpointError("\(printable(path)): the path holds a NUL character") }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw CheckpointError("\(path): cannot be opened: \(systemMessage(errno))") }
    var isKept = false
    defer { if !isKept { close(descriptor) } }

    var status = stat()
    if fstat(descriptor, &status) != 0 {
      throw CheckpointError("\(path): cannot be examined: \(systemMessage(errno))")
    }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw CheckpointError("\(path): found a folder, expected a file") }
    if kind != S_IFREG { throw CheckpointError("\(path): found a device, pipe or socket, expected a file") }
    if status.st_size <= 0 { throw CheckpointError("\(path): the file is empty") }

    let byteCount = Int(status.st_size)
    guard let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw CheckpointError("\(path): \(byteCount) bytes cannot be mapped: \(systemMessage(errno))")
    }
    self.path = path
    self.descriptor = descriptor
    modified = Modification(status)
    isKept = true
    bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// When a file was last written to.
  private struct Modification: Equatable {
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      #if canImport(Darwin)
        (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
      #else
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
      #endif
    }
  }

  package func checkFile() throws(CheckpointError) {
    var status = stat()
    if fstat(descriptor, &status) != 0 {
      throw CheckpointError("\(path): cannot be examined: \(systemMessage(errno))")
    }
    if Int(status.st_size) != bytes.count {
      throw CheckpointError(
        "\(path): it has \(status.st_size) bytes now, expected \(bytes.count) as when it was opened")
    }
    if Modification(status) != modified {
      throw CheckpointError("\(path): it was written to since it was opened, expected a file that stays as it is")
    }
  }

  /// A copy of the bytes at `range`, which must be inside the file.
  func copy(_ range: Range<Int>) -> [UInt8] {
    // The last use of the object could be the one that reads `bytes`.
    withExtendedLifetime(self) { Array(bytes[range]) }
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    close(descriptor)
  }
}

/// What the system says about error number `code`.
package func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

/// Whether something is at `path`: a file, a folder, or a link, even one that leads nowhere.
func exists(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0
}

/// Whether a folder, or a link to one, is at `path`.
func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
