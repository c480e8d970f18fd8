import Backend
import Checkpoints
import Foundation
import TestSupport
import Testing

/// Models that are damaged, incomplete, or not what they say: each command tells which file and what in it.
struct BadModelTests {
  private let copy: ModelCopy

  init() throws { copy = try ModelCopy("qwen3_moe") }

  private var weights: String { "\(copy.path)/model.safetensors" }
  private var config: String { "\(copy.path)/config.json" }

  /// `strata logits` fails with these parts, and so does `strata inspect` if `also` says so.
  private func expectFailure(
    _ parts: String..., also inspect: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = "\(copy.path)/out.safetensors"
    let logits = ["logits", "--model", copy.path, "--tokens", "1", "--output", output, "--device", "reference"]
    for command in [logits] + (inspect ? [["inspect", copy.path]] : []) {
      let outcome = try await Strata.run(command)
      outcome.expectFailure(sourceLocation: sourceLocation)
      for part in parts { #expect(outcome.errors.contains(part), "\(outcome)", sourceLocation: sourceLocation) }
    }
    #expect(!FileManager.default.fileExists(atPath: output), sourceLocation: sourceLocation)
  }

  // MARK: Weights

  @Test(arguments: [0, 5, 8, 100, 2_000_000])
  func aTruncatedFile(length: Int) async throws {
    try copy.folder.write("model.safetensors", copy.bytes("model.safetensors").prefix(length).map(\.self))
    try await expectFailure("\(weights): ")
  }

  @Test func aFileWithoutItsLastByte() async throws {
    try copy.folder.write("model.safetensors", copy.bytes("model.safetensors").dropLast())
    try await expectFailure("\(weights): tensor ", "reach beyond")
  }

  @Test func aHeaderLongerThanTheFile() async throws {
    var bytes = try copy.bytes("model.safetensors")
    bytes.replaceSubrange(0..<8, with: [0xFF, 0xFF, 0xFF, 0x01, 0, 0, 0, 0])
    try copy.folder.write("model.safetensors", bytes)
    try await expectFailure("\(weights): found a header of 33554431 bytes, expected at most the ")
    bytes.replaceSubrange(0..<8, with: [UInt8](repeating: 0xFF, count: 8))
    try copy.folder.write("model.safetensors", bytes)
    try await expectFailure("\(weights): found a header of 18446744073709551615 bytes, expected at most")
  }

  @Test func overlappingTensors() async throws {
    let (norm, other) = ("model.layers.1.self_attn.q_norm.weight", "model.layers.1.self_attn.k_norm.weight")
    try copy.changeHeader { header in
      let place = header[other]?["data_offsets"]
      header[norm]?["data_offsets"] = place
    }
    try await expectFailure("\(weights): tensor model.layers.1.self_attn.", "data_offsets")
  }

  @Test func offsetsThatAreNotThoseOfTheShape() async throws {
    try copy.changeHeader { $0["model.norm.weight"]?["shape"] = [127] }
    try await expectFailure("\(weights): tensor model.norm.weight: data_offsets: ", "254")
    try copy.changeHeader { $0["model.norm.weight"]?["shape"] = [Int.max, 3] }
    try await expectFailure("\(weights): tensor model.norm.weight: shape: ")
  }

  @Test func aWrongShape() async throws {
    let name = "model.layers.2.mlp.experts.5.down_proj.weight"
    try copy.changeHeader { $0[name]?["shape"] = [64, 128] }
    try await expectFailure("\(weights): tensor \(name): found shape [64, 128], expected [128, 64]", also: false)
  }

  @Test func aWrongFormat() async throws {
    try copy.changeHeader { $0["model.norm.weight"]?["dtype"] = "I16" }
    try await expectFailure(
      "\(weights): tensor model.norm.weight: found dtype I16, expected one of F16, BF16, F32", also: false)
    try copy.changeHeader { $0["model.norm.weight"]?["dtype"] = "Q4" }
    try await expectFailure("\(weights): tensor model.norm.weight: dtype: found \"Q4\", expected one of")
  }

  @Test func aMissingTensor() async throws {
    let name = "model.layers.3.mlp.experts.7.up_proj.weight"
    try copy.changeTensor(name) { _ in nil }
    try await expectFailure("\(copy.path): tensor \(name): it is missing, expected one of shape [64, 128]", also: false)
  }

  @Test func aMissingShard() async throws {
    try copy.changeTensors(shards: 3) { $0 }
    let shard = TestModel.shardName(1, of: 3)
    try FileManager.default.removeItem(atPath: "\(copy.path)/\(shard)")
    try await expectFailure("\(weights).index.json: the shard \(shard) is missing")
  }

  @Test func noWeights() async throws {
    try FileManager.default.removeItem(atPath: weights)
    try await expectFailure("\(copy.path): found no weights, expected model.safetensors")
  }

  /// What the model computes from them is no number.
  @Test func weightsThatAreNotNumbers() async throws {
    try copy.changeTensor("model.norm.weight") {
      HostTensor(name: $0.name, format: .bf16, shape: $0.shape, values: [UInt16](repeating: 0x7FC0, count: 128))
    }
    try await expectFailure("the model gave no logit that is a number", also: false)
  }

  // MARK: config.json

  @Test(arguments: [
    "", "{", "[]", "null", "{\"hidden_size\": 128,}", "{\"hidden_size\": 1e999}", "\u{FEFF}{}",
    String(repeating: "[", count: 100_000),
  ])
  func aMalformedConfiguration(text: String) async throws {
    try copy.folder.write("config.json", text)
    try await expectFailure("\(config): ")
  }

  @Test func anUnknownArchitecture() async throws {
    try copy.change("config.json", ["architectures": ["OtherForCausalLM"]])
    try await expectFailure(
      "\(config): field architectures: \"OtherForCausalLM\" is not supported, expected Qwen3MoeForCausalLM", also: false
    )
    try copy.change("config.json", ["architectures": nil])
    try await expectFailure("\(config): field architectures: it is missing")
  }

  @Test(arguments: [
    "num_hidden_layers", "hidden_size", "num_attention_heads", "num_local_experts", "num_experts_per_tok", "vocab_size",
    "max_position_embeddings", "moe_intermediate_size",
  ])
  func aFieldThatIsMissingOrNoSize(field: String) async throws {
    // The other name of this field must not stand in.
    #expect(!(String(decoding: try copy.bytes("config.json"), as: UTF8.self).contains("\"num_experts\"")))
    for value in [nil, 0, -1, 1.5, "4", true, Int.max, [4]] as [Any?] {
      try copy.change("config.json", [field: value])
      try await expectFailure(
        "\(config): field \(field): ", value == nil ? "missing" : "expected an integer", also: false)
    }
  }

  @Test func fieldsThatAskForWhatIsNotSupported() async throws {
    for (field, value, good) in [
      ("hidden_act", "gelu", "silu"), ("num_experts_per_tok", 9, 2), ("num_key_value_heads", 3, 2),
      ("head_dim", 33, 32), ("layer_types", ["full_attention"], NSNull()),
      ("quantization_config", ["quant_method": "fp8"], NSNull()),
      ("rope_scaling", ["rope_type": "longrope", "factor": 4.0], NSNull()),
    ] as [(String, Any, Any)] {
      try copy.change("config.json", [field: value])
      try await expectFailure("\(config): field \(field)", also: false)
      try copy.change("config.json", [field: good])
    }
    // A bias that the weights do not have.
    try copy.change("config.json", ["attention_bias": true])
    try await expectFailure("tensor model.layers.0.self_attn.q_proj.bias: it is missing", also: false)
    try copy.change("config.json", ["attention_bias": false])
    // Heads without an element.
    try copy.change("config.json", ["head_dim": nil, "hidden_size": 3])
    try await expectFailure("\(config): field head_dim: it is missing, expected an even number above 0", also: false)
  }

  /// Sizes that are valid in themselves, but not those of the weights.
  @Test(arguments: ["hidden_size", "head_dim", "vocab_size", "moe_intermediate_size", "num_local_experts"])
  func aConfigurationOfAnotherModel(field: String) async throws {
    try copy.change("config.json", [field: 16])
    try await expectFailure("tensor ", "expected", also: false)
  }

  // MARK: Random damage

  /// Whatever a byte becomes: no crash, and a failure is one line.
  @Test func randomDamageNeverCrashes() async throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let output = "\(copy.path)/out.safetensors"
    for name in ["config.json", "generation_config.json", "model.safetensors"] {
      let whole = try copy.bytes(name)
      for _ in 0..<6 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          // Of the weights, the header.
          bytes[Int.random(in: 0..<min(whole.count, 20_000), using: &random)] = UInt8.random(
            in: 0...255, using: &random)
        }
        try copy.folder.write(name, bytes)
        let outcome = try await Strata.run(
          "logits", "--model", copy.path, "--tokens", "1", "--output", output, "--device", "reference")
        #expect(outcome.status == 0 || outcome.isCleanFailure, "STRATA_TEST_SEED=\(seed): \(outcome)")
      }
      try copy.folder.write(name, whole)
    }
  }
}
