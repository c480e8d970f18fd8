import Foundation
import TestSupport
import Testing

/// `strata inspect`: its numbers follow from `config.json`.
struct InspectTests {
  /// What `--json` prints, as far as tests look at it.
  private struct Report: Decodable {
    struct Share: Decodable, Equatable {
      let name: String
      let tensors: Int
      let parameters: Int
      let bytes: Int
    }

    struct Shape: Decodable {
      let layers: Int
      let sparseLayers: Int
      let hiddenSize: Int
      let queryHeads: Int
      let keyValueHeads: Int
      let headSize: Int
      let experts: Int
      let expertsPerToken: Int
      let expertIntermediateSize: Int
      let vocabularySize: Int
      let contextLength: Int
      let tiedEmbeddings: Bool
    }

    let architecture: String
    let supported: Bool
    let problem: String?
    let shape: Shape?
    let total: Share
    let formats: [Share]
    let parts: [Share]
    let files: [Share]
    let activeParametersPerToken: Int?
    let activeBytesPerToken: Int?
    let cacheBytesPerPosition: Int?
  }

  private func inspect(_ folder: String) async throws -> Report {
    let outcome = try await Strata.run("inspect", folder, "--json").expectSuccess()
    #expect(outcome.errors.isEmpty)
    return try outcome.json(Report.self)
  }

  @Test func theBundledModel() async throws {
    let report = try await inspect(Fixtures.path("tiny-moe"))
    #expect(report.architecture == "Qwen3MoeForCausalLM" && report.supported && report.problem == nil)
    let shape = try #require(report.shape)
    #expect(shape.layers == 8 && shape.sparseLayers == 8 && shape.hiddenSize == 192)
    #expect(shape.queryHeads == 6 && shape.keyValueHeads == 2 && shape.headSize == 32)
    #expect(shape.experts == 32 && shape.expertsPerToken == 4 && shape.expertIntermediateSize == 64)
    #expect(shape.vocabularySize == 2048 && shape.contextLength == 2048 && shape.tiedEmbeddings)
    #expect(report.total.parameters == 10_669_760)
    #expect(report.total.bytes == 2 * 10_669_760)
    #expect(report.formats == [.init(name: "BF16", tensors: 842, parameters: 10_669_760, bytes: 21_339_520)])
    #expect(report.files.map(\.name) == ["model.safetensors"])

    let embedding = 2048 * 192
    let attention = 8 * (192 * 6 * 32 * 2 + 192 * 2 * 32 * 2)
    let router = 8 * 32 * 192
    let expert = 3 * 192 * 64
    let norms = 8 * (2 * 192 + 2 * 32) + 192
    let parts = Dictionary(uniqueKeysWithValues: report.parts.map { ($0.name, $0.parameters) })
    #expect(
      parts == [
        "embedding": embedding, "attention": attention, "router": router, "experts": 8 * 32 * expert, "norms": norms,
      ])
    #expect(report.parts.allSatisfy { $0.bytes == 2 * $0.parameters })
    // A tied embedding is also the head, which every token meets as a whole.
    #expect(report.activeParametersPerToken == embedding + attention + router + 8 * 4 * expert + norms)
    #expect(report.activeBytesPerToken == report.activeParametersPerToken.map { 2 * $0 })
    #expect(report.cacheBytesPerPosition == 8 * 2 * 2 * 32 * 4)
  }

  /// Untied: of the embedding a token reads one row.
  @Test func anUntiedEmbedding() async throws {
    let report = try await inspect(Fixtures.path("qwen3_moe"))
    let attention = 4 * (128 * 4 * 32 * 2 + 128 * 2 * 32 * 2)
    let others = 4 * 8 * 128 + 512 * 128 + 4 * (2 * 128 + 2 * 32) + 128
    let expert = 3 * 128 * 64
    #expect(report.total.parameters == 512 * 128 + attention + others + 4 * 8 * expert)
    #expect(report.activeParametersPerToken == 128 + attention + others + 4 * 2 * expert)
    #expect(report.shape?.tiedEmbeddings == false)
  }

  /// A dense layer among sparse ones is met as a whole.
  @Test func aDenseLayer() async throws {
    let report = try await inspect(Fixtures.path("mixed"))
    #expect(report.shape?.layers == 4 && report.shape?.sparseLayers == 3)
    let shared = 97 * 48 + 4 * (2 * 48 * 3 * 20 + 2 * 48 * 20) + 3 * 5 * 48 + 4 * (2 * 48 + 2 * 20) + 48 + 3 * 48 * 56
    let expert = 3 * 48 * 24
    #expect(report.total.parameters == shared + 3 * 5 * expert)
    #expect(report.activeParametersPerToken == shared + 3 * 2 * expert)
  }

  @Test func asText() async throws {
    let folder = Fixtures.path("tiny-moe")
    let lines = try await Strata.run("inspect", folder).expectSuccess().output.split(separator: "\n")
    #expect(lines.first == "\(folder): Qwen3MoeForCausalLM")
    #expect(lines.contains("  layers        8, of which 8 with experts; hidden size 192"))
    #expect(lines.contains("  experts       32 of 64, 4 a token"))
    #expect(lines.contains("  in all        842 tensors, 10669760 parameters, 20.4 MiB"))
    #expect(lines.contains("  a token meets 2412224 parameters, 4.6 MiB"))
    #expect(lines.contains("  KV cache      4096 bytes a position (f32)"))
  }

  @Test func shardsAreListed() async throws {
    let copy = try ModelCopy("qwen3_moe")
    let whole = try await inspect(copy.path)
    try copy.changeTensors(shards: 3) { $0 }
    let report = try await inspect(copy.path)
    #expect(report.files.map(\.name) == (0..<3).map { TestModel.shardName($0, of: 3) })
    #expect(report.files.reduce(0) { $0 + $1.bytes } == whole.total.bytes)
    #expect(report.total == whole.total && report.parts == whole.parts)
  }

  @Test func aConfigurationThatCannotRunIsShownNevertheless() async throws {
    let copy = try ModelCopy("qwen3_moe")
    let whole = try await inspect(copy.path)
    try copy.change("config.json", ["rope_scaling": ["rope_type": "longrope", "factor": 4.0]])
    let report = try await inspect(copy.path)
    #expect(!report.supported && report.shape == nil)
    #expect(report.problem?.contains("\(copy.path)/config.json: field rope_scaling.rope_type: ") == true)
    #expect(report.total == whole.total && report.parts == whole.parts)
  }

  @Test func aFamilyThatCannotRunIsShownNevertheless() async throws {
    let copy = try ModelCopy("qwen3_moe")
    try copy.change("config.json", ["architectures": ["OtherForCausalLM"], "num_attention_heads": nil])
    let report = try await inspect(copy.path)
    #expect(report.architecture == "OtherForCausalLM" && !report.supported && report.shape == nil)
    #expect(report.problem?.contains("OtherForCausalLM") == true)
    #expect(report.total.parameters > 0 && report.activeParametersPerToken == nil)
    let text = try await Strata.run("inspect", copy.path).expectSuccess().output
    #expect(text.contains("not supported: architecture OtherForCausalLM is none of Qwen3MoeForCausalLM, "))
  }
}
