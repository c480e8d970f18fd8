import Backend
import JSON

/// `model.safetensors.index.json`: which shard each tensor is in.
struct ShardIndex {
  private let path: String
  /// File name of the shard, by tensor.
  private let shards: [String: String]

  /// Reads the index; a shard must be a plain file name, so that no index reaches outside of the model's folder.
  init(path: String) throws(CheckpointError) {
    let index = try JSONObject(file: path)
    guard let map = try index.object("weight_map") else {
      throw index.error("weight_map", expected: "an object of tensor and file names")
    }
    var shards: [String: String] = [:]
    for name in map.keys {
      let shard = try map.string(name)
      // The name gets into messages as a part of the path, hence printable.
      if shard == "." || shard == ".." || shard.utf8.contains(0x2F) || printable(shard) != shard {
        throw map.error(name, expected: "the name of a file in the same folder")
      }
      // Of two names that `String` takes for equal, one would be lost.
      if shards.updateValue(shard, forKey: name) != nil {
        throw map.error(name, expected: "each name once, however its characters are composed")
      }
    }
    if shards.isEmpty { throw index.error("weight_map", expected: "at least one tensor") }
    self.path = path
    self.shards = shards
  }

  /// The tensors of all shards, also those that the index does not name, as `transformers` reads them.
  ///
  /// Throws if a shard is missing or not valid, or lacks a tensor that the index puts there.
  func readTensors(folder: String) throws(CheckpointError) -> [HostTensor] {
    var tensors: [HostTensor] = []
    for shard in Set(shards.values).sorted() {
      let shardPath = "\(folder)/\(shard)"
      if !exists(shardPath) { throw CheckpointError("\(path): the shard \(printable(shard)) is missing") }
      tensors += try SafetensorsFile(path: shardPath).tensors
    }
    let places = Set(tensors.map { Place(name: $0.name, path: $0.source) })
    for (name, shard) in shards.sorted(by: { $0.key < $1.key })
    where !places.contains(Place(name: name, path: "\(folder)/\(shard)")) {
      throw CheckpointError("\(path): tensor \(printable(name)): it is not in \(printable(shard)), expected it there")
    }
    return tensors
  }
}

private struct Place: Hashable {
  let name: String
  let path: String
}
