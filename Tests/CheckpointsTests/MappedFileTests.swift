import Checkpoints
import Foundation
import TestSupport
import Testing

struct MappedFileTests {
  @Test func hasTheBytesOfTheFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a", [1, 2, 255])
    let file = try MappedFile(path: path)
    #expect(Array(file.bytes) == [1, 2, 255])
    #expect(file.path == path)
  }

  @Test func outlivesTheNameOfTheFile() throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(path: try folder.write("a", ramp(100_000)))
    try FileManager.default.removeItem(atPath: "\(folder.path)/a")
    #expect(Array(file.bytes) == ramp(100_000))
  }

  @Test func followsALink() throws {
    let folder = try TemporaryFolder()
    try folder.write("a", [7])
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/b", withDestinationPath: "a")
    let file = try MappedFile(path: "\(folder.path)/b")
    #expect(Array(file.bytes) == [7])
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = try TemporaryFolder()
    let empty = try folder.write("empty", "")
    expectError("\(folder.path)/absent", "No such file") { _ = try MappedFile(path: "\(folder.path)/absent") }
    expectError(empty, "empty") { _ = try MappedFile(path: empty) }
    expectError(folder.path, "found a folder") { _ = try MappedFile(path: folder.path) }
    expectError("NUL") { _ = try MappedFile(path: "\(empty)\0x") }
  }

  @Test func doesNotWaitForTheWriterOfAPipe() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/pipe"
    try #require(mkfifo(path, 0o600) == 0)
    expectError(path, "pipe") { _ = try MappedFile(path: path) }
  }
}
