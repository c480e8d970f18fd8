package import Backend
import JSON

/// One `.safetensors` file, checked as a whole and mapped; no tensor's bytes are read before they are used.
///
/// Layout, as the format's specification gives it: the header's length N (8 bytes, little-endian), N bytes of JSON
/// `{"name": {"dtype": "BF16", "shape": […], "data_offsets": [begin, end]}, …, "__metadata__": {"key": "value", …}}`,
/// then the data, which `data_offsets` count from. The tensors must fill the data without overlap, gap or rest.
package struct SafetensorsFile: Sendable {
  /// A longer header is refused, as by the format's own library.
  package static let maximumHeaderByteCount = 100_000_000

  package let path: String
  /// In the order of their bytes.
  package let tensors: [HostTensor]
  package let metadata: [String: String]

  /// Maps and checks the file at `path`; the error names the file and the tensor.
  package init(path: String) throws(CheckpointError) {
    let file = try MappedFile(path: path)
    let dataStart = try Self.headerEnd(file)
    let header = try JSONObject(bytes: file.copy(8..<dataStart), source: path)

    var metadata: [String: String] = [:]
    var entries: [SafetensorsEntry] = []
    for name in header.keys {
      if name == "__metadata__" {
        let object = try header.object(name)
        for key in object?.keys ?? [] { metadata[key] = try object?.string(key) }
      } else {
        entries.append(try SafetensorsEntry(name: name, header: header))
      }
    }
    // Empty tensors share their begin with the next one.
    entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    try Self.checkLayout(entries, dataByteCount: file.bytes.count - dataStart, path: path)

    self.path = path
    self.metadata = metadata
    tensors = entries.map { entry in
      HostTensor(
        name: entry.name, format: entry.format, shape: entry.shape,
        bytes: UnsafeRawBufferPointer(rebasing: file.bytes[(dataStart + entry.begin)..<(dataStart + entry.end)]),
        source: path, owner: file)
    }
  }

  /// The position of the first byte after the header.
  private static func headerEnd(_ file: MappedFile) throws(CheckpointError) -> Int {
    let available = file.bytes.count - 8
    if available < 0 {
      throw CheckpointError("\(file.path): found \(file.bytes.count) bytes, expected 8 with the header's length")
    }
    let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
    if length > UInt64(maximumHeaderByteCount) {
      throw CheckpointError(
        "\(file.path): found a header of \(length) bytes, expected at most \(maximumHeaderByteCount)")
    }
    if length > UInt64(available) {
      throw CheckpointError(
        "\(file.path): found a header of \(length) bytes, expected at most the \(available) that follow its length")
    }
    let end = 8 + Int(length)
    if end == 8 || file.bytes[8] != UInt8(ascii: "{") {
      throw CheckpointError("\(file.path): the header does not begin with \"{\": not a safetensors file")
    }
    return end
  }

  /// Makes sure that `entries`, in order of their bytes, fill the data exactly.
  private static func checkLayout(
    _ entries: [SafetensorsEntry], dataByteCount: Int, path: String
  ) throws(CheckpointError) {
    var expected = 0
    for entry in entries {
      func error(_ problem: String) -> CheckpointError {
        CheckpointError("\(path): tensor \(printable(entry.name)): data_offsets \(entry.begin)–\(entry.end) \(problem)")
      }
      if entry.end > dataByteCount { throw error("reach beyond the \(dataByteCount) bytes of data") }
      if entry.begin < expected { throw error("overlap the tensor before, expected a begin of \(expected)") }
      if entry.begin > expected { throw error("leave a hole before, expected a begin of \(expected)") }
      expected = entry.end
    }
    if expected != dataByteCount {
      throw CheckpointError("\(path): found \(dataByteCount) bytes of data, expected \(expected) by the header")
    }
  }
}
