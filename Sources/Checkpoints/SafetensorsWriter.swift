package import Backend
import Foundation
import JSON

/// Writes `.safetensors` files.
package enum SafetensorsWriter {
  /// Writes `tensors` to the file at `path`, which appears complete or not at all.
  ///
  /// Tensors with larger elements come first, otherwise in the order given, and the header is padded with spaces to a
  /// multiple of 8, so that each element is aligned to its size. Throws if two tensors have one name, if a tensor's
  /// bytes do not fit its shape, or if the file cannot be written.
  package static func write(
    _ tensors: [HostTensor], metadata: [String: String] = [:], to path: String
  ) throws(CheckpointError) {
    let ordered = tensors.enumerated().sorted {
      ($1.element.format.byteCount, $0.offset) < ($0.element.format.byteCount, $1.offset)
    }.map(\.element)
    let header = try header(of: ordered, metadata: metadata, path: path)
    let file = try ReplacementFile(path: path)
    do throws(CheckpointError) {
      try withUnsafeBytes(of: UInt64(header.count).littleEndian) { (bytes) throws(CheckpointError) in
        try file.append(bytes)
      }
      try header.withUnsafeBufferPointer { (bytes) throws(CheckpointError) in
        try file.append(UnsafeRawBufferPointer(bytes))
      }
      for tensor in ordered { try file.append(tensor.bytes) }
      try file.commit()
    } catch {
      file.discard()
      throw error
    }
  }

  /// - Throws: what would hinder `write` from making a file at `path`. Tells it before a long computation.
  package static func check(_ path: String) throws(CheckpointError) { try ReplacementFile(path: path).discard() }

  /// The padded JSON header.
  private static func header(
    of tensors: [HostTensor], metadata: [String: String], path: String
  ) throws(CheckpointError) -> [UInt8] {
    var fields: [String] = []
    if !metadata.isEmpty {
      let members = metadata.sorted { $0.key < $1.key }.map {
        "\(JSONString($0.key).literal):\(JSONString($0.value).literal)"
      }
      fields.append("\"__metadata__\":{\(members.joined(separator: ","))}")
    }
    var names: Set<String> = ["__metadata__"]
    var begin = 0
    for tensor in tensors {
      func error(_ problem: String) -> CheckpointError {
        CheckpointError("\(path): tensor \(printable(tensor.name)): \(problem)")
      }
      if !names.insert(tensor.name).inserted { throw error("the name is taken, expected each name once") }
      guard let byteCount = HostTensor.byteCount(format: tensor.format, shape: tensor.shape),
        byteCount == tensor.bytes.count
      else { throw error("found \(tensor.bytes.count) bytes, which do not fit the shape \(tensor.shape)") }
      let (end, overflow) = begin.addingReportingOverflow(byteCount)
      if overflow { throw error("the file would pass 2^63 bytes") }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(JSONString(tensor.name).literal):{\"dtype\":\"\(tensor.format.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(end)]}")
      begin = end
    }
    var header = Array("{\(fields.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    if header.count > SafetensorsFile.maximumHeaderByteCount {
      throw CheckpointError(
        "\(path): the header would have \(header.count) bytes, at most \(SafetensorsFile.maximumHeaderByteCount) can be"
      )
    }
    return header
  }
}

/// A file under a temporary name beside its place, which it takes when it is complete.
private struct ReplacementFile {
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
