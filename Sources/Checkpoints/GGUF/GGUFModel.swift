package import Backend
import JSON

/// The GGUF files of one model: a single one, or all parts of a split one, of which the first is given.
package struct GGUFModel: Sendable {
  /// The file that was given.
  package let path: String
  package let version: Int
  /// Of the first file.
  package let metadata: GGUFMetadata
  /// Of all files, under the names that they have there.
  package let tensors: [HostTensor]

  /// - Throws: `CheckpointError` if a file is not valid, or if the parts do not belong together.
  package init(path: String) throws(CheckpointError) {
    let first = try GGUFFile(path: path)
    self.path = path
    version = first.version
    metadata = first.metadata
    let count = try first.metadata.optionalInt("split.count", in: 0...65_535) ?? 1
    guard count > 1 else {
      tensors = first.tensors
      return
    }
    tensors = try first.tensors + Self.others(path, first.metadata, count: count)
    if let total = try first.metadata.optionalInt("split.tensors.count", in: 0...Int(Int32.max)), total != tensors.count
    {
      throw first.metadata.error("split.tensors.count", expected: "\(tensors.count), the tensors of the \(count) files")
    }
  }

  private static func others(
    _ path: String, _ metadata: GGUFMetadata, count: Int
  ) throws(CheckpointError) -> [HostTensor] {
    let suffix = "-00001-of-\(digits(count)).gguf"
    guard path.hasSuffix(suffix) else {
      throw CheckpointError("\(path): it is one of \(count) files of a model, expected the first, named …\(suffix)")
    }
    var names = Set<JSONString>()
    var tensors: [HostTensor] = []
    for number in 1...count {
      let part = "\(path.dropLast(suffix.count))-\(digits(number))-of-\(digits(count)).gguf"
      if !exists(part) { throw CheckpointError("\(path): its part \(part) is missing") }
      let file = try GGUFFile(path: part)
      guard try file.metadata.optionalInt("split.no", in: 0...65_535) == number - 1 else {
        throw file.metadata.error("split.no", expected: "\(number - 1) by the file's name")
      }
      guard try file.metadata.optionalInt("split.count", in: 0...65_535) == count else {
        throw file.metadata.error("split.count", expected: "\(count), as in \(path)")
      }
      for tensor in file.tensors where !names.insert(JSONString(tensor.name)).inserted {
        throw CheckpointError("\(part): tensor \(printable(tensor.name)): it is in another part, too, expected it once")
      }
      if number > 1 { tensors += file.tensors }
    }
    return tensors
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }
}
