package import Backend
import JSON

/// One GGUF file of version 2 or 3, little-endian, checked as a whole and mapped; no tensor's bytes are read before they
/// are used.
///
/// Layout, as the format's specification gives it: `GGUF`, version, counts of tensors and of metadata, the metadata (key,
/// type, value), then for each tensor its name, dimensions (fastest first), type and offset, then the data from the next
/// multiple of the alignment on. As in ggml, tensors follow each other without gap or overlap but for that padding.
package struct GGUFFile: Sendable {
  package let path: String
  package let version: Int
  /// In the order of their bytes; shapes slowest first.
  package let tensors: [HostTensor]
  package let metadata: GGUFMetadata
  let file: MappedFile

  /// Maps and checks the file at `path`; the error names the file and the key or tensor.
  package init(path: String) throws(CheckpointError) {
    let file = try MappedFile(path: path)
    var reader = GGUFReader(file, at: 0)
    version = try Self.version(&reader)
    let tensorCount = try reader.count("count of tensors", least: 25, most: Self.mostEntries)
    let keyCount = try reader.count("count of metadata", least: 13, most: Self.mostEntries)
    metadata = try GGUFMetadata(&reader, count: keyCount, path: path)
    let alignment = try metadata.optionalInt("general.alignment", in: 1...65_536) ?? 32
    guard alignment.nonzeroBitCount == 1 else {
      throw metadata.error("general.alignment", expected: "a power of two")
    }
    tensors = try Self.tensors(&reader, count: tensorCount, alignment: alignment)
    self.path = path
    self.file = file
  }

  /// More tensors, or more metadata, are refused: no model comes near.
  private static let mostEntries = 65_536

  /// Whether the file at `path` begins as a GGUF file does.
  static func isGGUF(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path) else { return false }
    return file.bytes.starts(with: magic)
  }

  private static let magic = Array("GGUF".utf8)

  private static func version(_ reader: inout GGUFReader) throws(CheckpointError) -> Int {
    let path = reader.file.path
    guard reader.file.bytes.starts(with: magic) else {
      throw CheckpointError("\(path): it does not begin with \"GGUF\", expected a GGUF file")
    }
    reader.skip(magic.count)
    let version: UInt32 = try reader.integer("version")
    switch version {
    case 2, 3: return Int(version)
    case _ where version.byteSwapped == 2 || version.byteSwapped == 3:
      throw reader.error("version", "found \(version): a big-endian file, expected a little-endian one")
    default: throw reader.error("version", "found \(version), expected 2 or 3")
    }
  }

  private static func tensors(
    _ reader: inout GGUFReader, count: Int, alignment: Int
  ) throws(CheckpointError) -> [HostTensor] {
    var entries: [GGUFTensorEntry] = []
    var names: Set<JSONString> = []
    for index in 0..<count {
      let entry = try GGUFTensorEntry(&reader, index: index)
      guard names.insert(JSONString(entry.name)).inserted else {
        throw entry.error(reader, "the name is there twice, expected each name once")
      }
      entries.append(entry)
    }
    let dataStart = aligned(reader.position, alignment)
    var tensors: [HostTensor] = []
    var expected = 0
    let available = reader.file.bytes.count - dataStart
    for entry in entries {
      guard entry.offset == UInt64(expected) else {
        throw entry.error(reader, "found offset \(entry.offset), expected \(expected), behind the tensor before")
      }
      guard entry.byteCount <= available - expected else {
        throw entry.error(
          reader, "\(entry.byteCount) bytes at offset \(expected) reach beyond the \(max(0, available)) bytes of data")
      }
      tensors.append(entry.tensor(in: reader.file, at: dataStart + expected))
      expected = aligned(expected + entry.byteCount, alignment)
    }
    return tensors
  }

  private static func aligned(_ position: Int, _ alignment: Int) -> Int {
    (position + alignment - 1) / alignment * alignment
  }
}
