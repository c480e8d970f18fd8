import Backend
import Checkpoints
import Foundation
import TestSupport
import Testing

/// `model.safetensors.index.json`, through `Checkpoint`.
struct ShardIndexTests {
  /// A folder with the tensor `a` in `s1.safetensors`, `b` in `s2.safetensors`, and the index `index`.
  private func folder(index: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("config.json", #"{"architectures": ["A"]}"#)
    for (file, name) in [("s1", "a"), ("s2", "b")] {
      let tensor = HostTensor(name: name, format: .f32, shape: [1], values: [1] as [Float])
      try SafetensorsWriter.write([tensor], to: "\(folder.path)/\(file).safetensors")
    }
    try folder.write("model.safetensors.index.json", index)
    return folder
  }

  @Test func readsTheShardsThatItNames() throws {
    let folder = try folder(index: #"{"metadata": {}, "weight_map": {"a": "s1.safetensors"}}"#)
    #expect(try Checkpoint(folder: folder.path).tensors.map(\.name) == ["a"])
  }

  @Test func readsAlsoWhatAShardHasBeyondTheIndex() throws {
    let folder = try folder(index: #"{"weight_map": {"a": "both.safetensors"}}"#)
    let tensors = ["a", "c"].map { HostTensor(name: $0, format: .f32, shape: [1], values: [1] as [Float]) }
    try SafetensorsWriter.write(tensors, to: "\(folder.path)/both.safetensors")
    #expect(try Checkpoint(folder: folder.path).tensors.map(\.name) == ["a", "c"])
  }

  @Test func theSingleFileCountsIfThereAreBoth() throws {
    let folder = try folder(index: #"{"weight_map": {"a": "absent.safetensors"}}"#)
    let tensor = HostTensor(name: "single", format: .f32, shape: [1], values: [1] as [Float])
    try SafetensorsWriter.write([tensor], to: "\(folder.path)/model.safetensors")
    #expect(try Checkpoint(folder: folder.path).tensors.map(\.name) == ["single"])
  }

  @Test(arguments: [
    (#"{}"#, "field weight_map: it is missing"),
    (#"{"weight_map": []}"#, "field weight_map: found a list"),
    (#"{"weight_map": {}}"#, "at least one tensor"),
    (#"{"weight_map": {"a": 1}}"#, "field weight_map.a: found 1"),
    (#"{"weight_map": {"a": null}}"#, "field weight_map.a"),
    (#"{"weight_map": {"a": "s1.safetensors", "a": "s2.safetensors"}}"#, "twice"),
    (#"{"weight_map": {"\u00e9": "s1.safetensors", "e\u0301": "s2.safetensors"}}"#, "each name once"),
    (#"{"weight_map": {"a": "s3.safetensors"}}"#, "the shard s3.safetensors is missing"),
    (#"{"weight_map": {"a": "s1.safetensors", "b": "s1.safetensors"}}"#, "tensor b: it is not in s1.safetensors"),
    (#"{"weight_map": {"a": "s2.safetensors"}}"#, "tensor a: it is not in s2.safetensors"),
  ])
  func refusesABadIndex(index: String, part: String) throws {
    let folder = try folder(index: index)
    expectError("\(folder.path)/model.safetensors.index.json", part) { _ = try Checkpoint(folder: folder.path) }
  }

  @Test(arguments: [
    "../x.safetensors", "/etc/passwd", "sub/s1.safetensors", "..", ".", "", "./s1.safetensors", #"s1\u0000"#,
    #"\u001b[31m"#,
  ])
  func refusesAShardOutsideOfTheFolder(shard: String) throws {
    let outer = try TemporaryFolder()
    let tensor = HostTensor(name: "a", format: .f32, shape: [1], values: [1] as [Float])
    try SafetensorsWriter.write([tensor], to: "\(outer.path)/x.safetensors")
    try outer.write("model/sub/config.json", "{}")
    try SafetensorsWriter.write([tensor], to: "\(outer.path)/model/s1.safetensors")
    try SafetensorsWriter.write([tensor], to: "\(outer.path)/model/sub/s1.safetensors")
    try outer.write("model/config.json", #"{"architectures": ["A"]}"#)
    let index = try outer.write("model/model.safetensors.index.json", "{\"weight_map\": {\"a\": \"\(shard)\"}}")
    expectError(index, "field weight_map.a: found", "in the same folder") {
      _ = try Checkpoint(folder: "\(outer.path)/model")
    }
  }

  @Test func refusesATensorInTwoShards() throws {
    let folder = try folder(index: #"{"weight_map": {"a": "s1.safetensors", "c": "s3.safetensors"}}"#)
    let tensors = ["a", "c"].map { HostTensor(name: $0, format: .f32, shape: [1], values: [1] as [Float]) }
    try SafetensorsWriter.write(tensors, to: "\(folder.path)/s3.safetensors")
    expectError("tensor a", "s1.safetensors", "s3.safetensors", "once") { _ = try Checkpoint(folder: folder.path) }
  }
}
