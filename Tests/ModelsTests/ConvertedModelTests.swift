import Backend
import Checkpoints
import Conversion
import JSON
import Models
import TestSupport
import Testing

/// Every fixture as a GGUF file computes what its folder does, on the reference.
struct ConvertedModelTests {
  static let names =
    MixedFixture.names + [
      "qwen3_moe", "gpt_oss", "gpt_oss_mxfp4", "olmoe", "mixtral", "qwen2_moe", "granitemoe", "deepseek_v2",
      "llama_odd",
      "qwen3_odd", "gpt_oss_odd", "qwen2_moe_odd", "deepseek_v2_odd", "deepseek_v3_odd",
    ]
  private static let prompt = (0..<60).map { Int32(13 * $0 * $0 % 89 + 3) }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(
    _ checkpoint: Checkpoint, _ type: ElementFormat, expertsOnly: Bool = false, as name: String = "out.gguf"
  ) throws -> Checkpoint {
    let path = "\(folder.path)/\(name)"
    try Converter(checkpoint, FormatChoice(type: type, expertsOnly: expertsOnly)).write(to: path) { _, _ in }
    return try Checkpoint(path: path)
  }

  /// A fixture. GGUF has no key for whether YaRN's range is rounded, and rounds it: then the folder does, too.
  private func checkpoint(_ name: String) throws -> Checkpoint {
    let fixture = try Checkpoint(folder: Fixtures.path(name))
    guard let parameters = try fixture.configuration.object("rope_parameters"), parameters.has("truncate") else {
      return fixture
    }
    var config: [String: JSONValue] = [:]
    for key in fixture.configuration.keys { config[key] = fixture.configuration.field(key) }
    if fixture.configuration.has("quantization_config") { config["quantization_config"] = ["quant_method": "mxfp4"] }
    var members = JSONMembers()
    for key in parameters.keys where key != "truncate" {
      _ = members.add(JSONString(key), parameters.field(key) ?? .null)
    }
    config["rope_parameters"] = .object(members)
    try TestModel.write(config: config, tensors: fixture.tensors, to: folder)
    return try Checkpoint(folder: folder.path)
  }

  @Test(arguments: names) func everyStateIsTheFolders(name: String) throws {
    let before = try checkpoint(name)
    let (expected, found) = (
      try RunModel(before, prompt: Self.prompt), try RunModel(convert(before, .f32), prompt: Self.prompt)
    )
    #expect(relativeError(found.logits, expected.logits) <= 1e-5)
    for (index, states) in expected.hidden.enumerated() {
      #expect(relativeError(found.hidden[index], states) <= 1e-5, "hidden.\(index)")
    }
    #expect(found.router == expected.router)
  }

  /// Matrices of whole blocks get Q8_0, whose steps are the 127th part of the largest weight of a block; others f16.
  @Test(arguments: names) func roundedWeightsAreNear(name: String) throws {
    let before = try checkpoint(name)
    let (exact, rounded) = (try convert(before, .f32, as: "exact.gguf"), try convert(before, .q80))
    #expect(rounded.tensors.map(\.name) == exact.tensors.map(\.name))
    for (found, expected) in zip(rounded.tensors, exact.tensors) {
      let isMatrix = found.shape.count > 1 && found.format != .f32
      if isMatrix { #expect(found.format == ((found.shape.last ?? 0) % 32 == 0 ? .q80 : .f16), "\(found.name)") }
      #expect(relativeError(found.floats(), expected.floats()) <= (isMatrix ? 0.01 : 0), "\(found.name)")
    }
    #expect(rounded.tensors.contains { $0.format != .f32 })
  }

  /// GPT-OSS's blocks keep their bits: scale first, elements j and j + 16 in a byte.
  @Test func publishedBlocksStayAsTheyAre() throws {
    let before = try Checkpoint(folder: Fixtures.path("gpt_oss_mxfp4"))
    let after = try convert(before, .mxfp4, expertsOnly: true)
    let stack = try #require(after.gguf?.tensors.first { $0.name == "blk.1.ffn_up_exps.weight" })
    #expect(stack.format == .mxfp4 && stack.shape == [8, 64, 128])
    let blocks = try #require(before.tensor("model.layers.1.mlp.experts.gate_up_proj_blocks"))
    let scales = try #require(before.tensor("model.layers.1.mlp.experts.gate_up_proj_scales"))
    // Expert 3, row 5 of the up projection, which is row 11 of both, and its third block of four.
    let (source, target) = ((3 * 128 + 11) * 4 + 2, ((3 * 64 + 5) * 4 + 2) * 17)
    #expect(stack.bytes[target] == scales.bytes[source])
    for element in 0..<32 {
      let pair = blocks.bytes[source * 16 + element / 2]
      let joined = stack.bytes[target + 1 + element % 16]
      #expect(joined >> (element < 16 ? 0 : 4) & 15 == pair >> (element % 2 == 0 ? 0 : 4) & 15)
    }
  }
}
