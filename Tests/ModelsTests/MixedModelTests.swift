import Backend
import Checkpoints
import JSON
import Models
import TestSupport
import Testing

/// Dense layers among sparse ones, tied and untied embeddings, all formats and spellings, on the reference; `EngineTests`
/// does it on devices.
struct MixedModelTests {
  @Test func theDescriptionsAreThoseOfTheConfigurations() throws {
    let mixed = try Families.describe(MixedFixture("mixed").checkpoint)
    #expect(mixed.isSparse == [true, false, true, true], "mlp_only_layers is [1]")
    #expect(mixed.tiedEmbeddings)
    #expect(mixed.expertIntermediateSize == 24 && mixed.denseIntermediateSize == 56)
    #expect(mixed.attention.queryHeads == 3 && mixed.attention.keyValueHeads == 1 && mixed.attention.headSize == 20)
    let alternating = try Families.describe(MixedFixture("alternating").checkpoint)
    #expect(alternating.isSparse == [false, true, false], "decoder_sparse_step is 2")
    #expect(!alternating.tiedEmbeddings)
    #expect(alternating.expertCount == 7 && alternating.chosenExperts == 3)
  }

  @Test(arguments: MixedFixture.names, MixedFixture.lengths)
  func everyStateIsHuggingFaces(name: String, length: Int) throws {
    let fixture = try MixedFixture(name)
    let found = try RunModel(fixture.checkpoint, prompt: fixture.prompt(length))
    #expect(relativeError(found.logits, try fixture.expected("logits", length).floats()) <= 1e-4)
    for (index, hidden) in found.hidden.enumerated() {
      let expected = try fixture.expected("hidden.\(index)", length).floats()
      #expect(relativeError(hidden, expected) <= 1e-4, "hidden.\(index)")
    }
    for (layer, router) in found.router.enumerated() where !router.isEmpty {
      let expected = try fixture.expected("router.\(layer)", length)
      #expect(router.withUnsafeBytes { Array($0) } == Array(expected.bytes), "router.\(layer)")
    }
  }

  @Test(arguments: [ElementFormat.f32, .f16, .bf16], [1, 3])
  func formatsAndShardsDoNotMatter(format: ElementFormat, shards: Int) throws {
    let fixture = try MixedFixture("mixed")
    try expectSame(
      fixture, MixedVariant(config: newerConfig(fixture), tensors: fixture.tensors(as: format), shards: shards))
  }

  /// Tensors of several formats in one matrix: the experts' in turn f32, f16 and bf16.
  @Test func formatsMayBeMixed() throws {
    let fixture = try MixedFixture("mixed")
    let all = try [ElementFormat.f32, .f16, .bf16].map { try fixture.tensors(as: $0) }
    let tensors = all[0].indices.map { all[$0 % 3][$0] }
    try expectSame(fixture, MixedVariant(config: newerConfig(fixture), tensors: tensors))
  }

  /// `transformers` 4 writes `num_experts`, `rope_theta`, `rope_scaling` and `torch_dtype`.
  @Test(arguments: MixedFixture.names)
  func olderNamesOfFieldsMeanTheSame(name: String) throws {
    let fixture = try MixedFixture(name)
    var config = fixture.config()
    config["num_experts"] = config.removeValue(forKey: "num_local_experts")
    config["dtype"] = nil
    config["torch_dtype"] = "bfloat16"
    config["rope_theta"] = theta(name)
    config["rope_scaling"] = .null
    try expectSame(fixture, MixedVariant(config: config, tensors: fixture.checkpoint.tensors))
  }

  /// A tied model whose file holds the head as well, as some do: the embedding counts.
  @Test func aTiedModelIgnoresAHead() throws {
    let fixture = try MixedFixture("mixed")
    let embedding = try #require(fixture.checkpoint.tensor("model.embed_tokens.weight"))
    let head = HostTensor(
      name: "lm_head.weight", format: .f32, shape: embedding.shape,
      values: [Float](repeating: 1, count: embedding.elementCount))
    try expectSame(
      fixture, MixedVariant(config: newerConfig(fixture), tensors: fixture.checkpoint.tensors + [head]))
  }

  private func theta(_ name: String) -> JSONValue { name == "mixed" ? 5000.0 : 1_000_000 }

  private func newerConfig(_ fixture: MixedFixture) -> [String: JSONValue] {
    var config = fixture.config()
    config["rope_parameters"] = ["rope_type": "default", "rope_theta": theta(fixture.name)]
    return config
  }

  private func expectSame(_ fixture: MixedFixture, _ variant: MixedVariant) throws {
    let folder = try TemporaryFolder()
    try TestModel.write(config: variant.config, tensors: variant.tensors, shards: variant.shards, to: folder)
    let found = try RunModel(Checkpoint(folder: folder.path), prompt: fixture.prompt(45))
    #expect(relativeError(found.logits, try fixture.expected("logits", 45).floats()) <= 1e-4)
  }
}

private struct MixedVariant {
  var config: [String: JSONValue]
  var tensors: [HostTensor]
  var shards = 1
}
