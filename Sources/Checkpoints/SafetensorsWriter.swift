package import Backend
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
