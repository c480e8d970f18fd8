package import Backend
import Checkpoints
package import JSON

/// Small Hugging Face model folders for tests.
package enum TestModel {
  /// Writes `config.json` and the weights to `folder`: `model.safetensors` for one shard, otherwise the tensors dealt
  /// out in turn to `shards` files with their index.
  package static func write(
    config: [String: JSONValue], tensors: [HostTensor], shards: Int = 1, to folder: TemporaryFolder
  ) throws {
    try folder.write("config.json", object(config).text)
    if shards <= 1 {
      try SafetensorsWriter.write(tensors, to: "\(folder.path)/model.safetensors")
      return
    }
    var map: [String: JSONValue] = [:]
    var parts = [[HostTensor]](repeating: [], count: shards)
    for (index, tensor) in tensors.enumerated() {
      parts[index % shards].append(tensor)
      map[tensor.name] = .string(JSONString(shardName(index % shards, of: shards)))
    }
    for (index, part) in parts.enumerated() {
      try SafetensorsWriter.write(part, to: "\(folder.path)/\(shardName(index, of: shards))")
    }
    let byteCount = tensors.reduce(0) { $0 + $1.bytes.count }
    let index: JSONValue = ["metadata": ["total_size": .int(byteCount)], "weight_map": object(map)]
    try folder.write("model.safetensors.index.json", index.text)
  }

  /// The file name of shard `index`, from 0: `model-00001-of-00003.safetensors`.
  package static func shardName(_ index: Int, of shards: Int) -> String {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "model-\(padded(index + 1))-of-\(padded(shards)).safetensors"
  }

  private static func object(_ fields: [String: JSONValue]) -> JSONValue {
    var members = JSONMembers()
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { _ = members.add(JSONString(name), value) }
    return .object(members)
  }
}
