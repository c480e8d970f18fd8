import Backend
import Checkpoints
import Foundation
import TestSupport

/// A fixture's model in a folder of its own, to be changed or broken.
struct ModelCopy {
  let folder: TemporaryFolder
  var path: String { folder.path }

  init(_ fixture: String) throws {
    folder = try TemporaryFolder()
    let source = Fixtures.path(fixture)
    for name in try FileManager.default.contentsOfDirectory(atPath: source) where Self.isModel(name) {
      try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(path)/\(name)")
    }
  }

  /// Not the reference's results.
  private static func isModel(_ name: String) -> Bool {
    name == "model.safetensors" || (name.hasSuffix(".json") && name != "reference.json")
  }

  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }

  /// Changes the object in a JSON file; `nil` takes a field out, `NSNull()` is `null`.
  func change(_ name: String, _ fields: [String: Any?]) throws {
    var object = try JSONSerialization.jsonObject(with: Data(bytes(name))) as? [String: Any] ?? [:]
    for (field, value) in fields { object[field] = value }
    try folder.write(name, JSONSerialization.data(withJSONObject: object))
  }

  /// Writes the weights anew, each as `change` makes it; nil leaves it out.
  func changeTensors(shards: Int = 1, _ change: (HostTensor) -> HostTensor?) throws {
    let config = try bytes("config.json")
    let weights = "\(path)/model.safetensors"
    let tensors = try SafetensorsFile(path: weights).tensors.compactMap(change)
    if shards > 1 { try FileManager.default.removeItem(atPath: weights) }
    try TestModel.write(config: [:], tensors: tensors, shards: shards, to: folder)
    try folder.write("config.json", config)
  }

  /// Changes the tensor `name` only.
  func changeTensor(_ name: String, _ change: (HostTensor) -> HostTensor?) throws {
    try changeTensors { $0.name == name ? change($0) : $0 }
  }

  /// Changes what the header of the weights says, whatever the data.
  func changeHeader(_ change: (inout [String: [String: Any]]) -> Void) throws {
    let file = try bytes("model.safetensors")
    let end = 8 + file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let found = try JSONSerialization.jsonObject(with: Data(file[8..<end]))
    var header = found as? [String: [String: Any]] ?? [:]
    change(&header)
    let text = [UInt8](try JSONSerialization.data(withJSONObject: header))
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    try folder.write("model.safetensors", length + text + file[end...])
  }
}
