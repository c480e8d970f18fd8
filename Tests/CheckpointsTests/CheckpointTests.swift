import Backend
import Checkpoints
import Foundation
import JSON
import TestSupport
import Testing

struct CheckpointTests {
  private let config: [String: JSONValue] = ["architectures": ["TestForCausalLM"], "hidden_size": 2]
  private let tensors = [
    HostTensor(name: "model.norm.weight", format: .bf16, shape: [2], values: [0x3F80, 0xC000] as [UInt16]),
    HostTensor(name: "lm_head.weight", format: .f32, shape: [2, 2], values: [1, 2, 3, 4] as [Float]),
    HostTensor(name: "model.embed_tokens.weight", format: .f16, shape: [2, 2], values: [1, 2, 3, 4] as [Float16]),
    HostTensor(name: "steps", format: .i64, shape: [1], values: [9] as [Int64]),
  ]

  @Test func readsARealFolder() throws {
    let folder = Fixtures.path("tiny-moe")
    let checkpoint = try Checkpoint(folder: folder)
    #expect(checkpoint.path == folder)
    #expect(checkpoint.architecture == "Qwen3MoeForCausalLM")
    #expect(checkpoint.tensors.count == 842)
    #expect(checkpoint.byteCount == 21_339_520)
    #expect(try checkpoint.configuration.int("num_hidden_layers") == 8)
    #expect(checkpoint.generation.eosTokens == [0])
    let gate = try checkpoint.weight("model.layers.0.mlp.gate.weight", shape: [32, 192])
    let sum = gate.floats().reduce(0) { $0 + Double($1) }
    #expect(abs(sum - 5.23052504658699) < 1e-12)
  }

  @Test(arguments: [1, 2, 3, 4])
  func readsASingleFileAndShards(shards: Int) throws {
    let folder = try TemporaryFolder()
    try TestModel.write(config: config, tensors: tensors, shards: shards, to: folder)
    let checkpoint = try Checkpoint(folder: folder.path)
    #expect(checkpoint.architecture == "TestForCausalLM")
    #expect(checkpoint.tensors.map(\.name) == tensors.map(\.name).sorted())
    #expect(checkpoint.byteCount == 4 + 16 + 8 + 8)
    #expect(Set(checkpoint.tensors.map(\.source)).count == shards)
    for tensor in tensors {
      #expect(checkpoint.contains(tensor.name))
      #expect(checkpoint.tensor(tensor.name).map { Array($0.bytes) } == Array(tensor.bytes))
    }
    #expect(!checkpoint.contains("model"))
    #expect(checkpoint.tensor("model") == nil)
    #expect(try checkpoint.weight("model.norm.weight", shape: [2]).floats() == [1, -2])
  }

  @Test func aWeightMustExistAndHaveTheShapeAndAFloatFormat() throws {
    let folder = try TemporaryFolder()
    try TestModel.write(config: config, tensors: tensors, to: folder)
    let checkpoint = try Checkpoint(folder: folder.path)
    let file = "\(folder.path)/model.safetensors: tensor "
    expectError(folder.path, "tensor x.weight", "missing", "[3, 4]") {
      _ = try checkpoint.weight("x.weight", shape: [3, 4])
    }
    expectError(file + "model.norm.weight", "found shape [2]", "expected [2, 1]") {
      _ = try checkpoint.weight("model.norm.weight", shape: [2, 1])
    }
    expectError(file + "lm_head.weight", "found shape [2, 2]", "expected [4]") {
      _ = try checkpoint.weight("lm_head.weight", shape: [4])
    }
    expectError(file + "steps", "found dtype I64", "one of F16, BF16, F32") {
      _ = try checkpoint.weight("steps", shape: [1])
    }
  }

  /// Tensors are looked up by `String`, which would find only one of the two.
  @Test func refusesTensorsWhoseNamesAreEquivalent() throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", #"{"architectures": ["A"]}"#)
    let entry = #"{"dtype":"U8","shape":[1],"data_offsets":"#
    let header = "{\"\u{E9}\":\(entry)[0,1]},\"e\u{301}\":\(entry)[1,2]}}"
    try folder.write("model.safetensors", safetensors(header, [1, 2]))
    expectError("\(folder.path)/model.safetensors", "expected it once") { _ = try Checkpoint(folder: folder.path) }
  }

  @Test func saysWhatIsMissing() throws {
    let folder = try TemporaryFolder()
    let absent = "\(folder.path)/absent"
    expectError(absent, "no such folder") { _ = try Checkpoint(folder: absent) }
    expectError(folder.path, "config.json is missing") { _ = try Checkpoint(folder: folder.path) }
    let path = try folder.write("config.json", #"{"hidden_size": 1}"#)
    expectError(path, "found a file") { _ = try Checkpoint(folder: path) }
    expectError(path, "field architectures: it is missing") { _ = try Checkpoint(folder: folder.path) }
    try folder.write("config.json", #"{"architectures": []}"#)
    expectError(path, "field architectures: found a list of 0") { _ = try Checkpoint(folder: folder.path) }
    try folder.write("config.json", #"{"architectures": [3]}"#)
    expectError(path, "field architectures[0]: found 3") { _ = try Checkpoint(folder: folder.path) }
    try folder.write("config.json", #"{"architectures": ["A"]}"#)
    expectError(folder.path, "no weights", "model.safetensors.index.json") { _ = try Checkpoint(folder: folder.path) }
  }

  @Test func namesTheBrokenFile() throws {
    let folder = try TemporaryFolder()
    try TestModel.write(config: config, tensors: tensors, shards: 2, to: folder)
    let shard = try folder.write(TestModel.shardName(1, of: 2), "nonsense")
    expectError(shard) { _ = try Checkpoint(folder: folder.path) }
    let generation = try folder.write("generation_config.json", "{")
    expectError(generation, "not valid JSON") { _ = try Checkpoint(folder: folder.path) }
    let config = try folder.write("config.json", "[]")
    expectError(config, "expected an object") { _ = try Checkpoint(folder: folder.path) }
  }
}
