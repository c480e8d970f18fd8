import Foundation
import Simulation
import TestSupport
import Testing

struct ModelShapeTests {
  @Test func qwen() throws {
    let shape = try Setup.shape(Setup.qwen)
    #expect(shape.name == "qwen3-30b-a3b")
    #expect(shape.layers == 48 && shape.experts == 128 && shape.chosenExperts == 8)
    // 3 · 2048 · 768 weights of 2 bytes: the paper's 9.44 MB.
    #expect(shape.expertBytes == 9_437_184)
    #expect(shape.denseElements == 2048 * (2 * 4096 + 2 * 512 + 128))
    #expect(shape.cacheBytesPerPosition == 2048)
    #expect(shape.windows.allSatisfy { $0 == nil })
    // 30.5 billion parameters, as its name says.
    #expect(abs(shape.totalBytes / 2 / 30.5e9 - 1) < 0.01)
  }

  @Test func gptOSS() throws {
    let shape = try Setup.shape(Setup.gptOSS)
    #expect(shape.layers == 24 && shape.experts == 32 && shape.chosenExperts == 4)
    // 3 · 2880 · 2880 weights of 2 bytes: the paper's 49.8 MB.
    #expect(shape.expertBytes == 49_766_400)
    #expect(shape.windows == (0..<24).map { $0 % 2 == 0 ? 128 : nil })
    #expect(abs(shape.totalBytes / 2 / 20.9e9 - 1) < 0.01)
  }

  /// DeepSeek-V2-Lite: 15.7 billion parameters in 27 layers, the first of them dense (which counts as sparse here), and 576
  /// elements a position and layer in the cache.
  @Test func deepSeek() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "config.json",
      #"{"architectures": ["DeepseekV2ForCausalLM"], "num_hidden_layers": 27, "hidden_size": 2048, "#
        + #""num_attention_heads": 16, "num_key_value_heads": 16, "q_lora_rank": null, "kv_lora_rank": 512, "#
        + #""qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 64, "#
        + #""n_shared_experts": 2, "num_experts_per_tok": 6, "moe_intermediate_size": 1408, "#
        + #""intermediate_size": 10944, "vocab_size": 102400, "max_position_embeddings": 163840}"#)
    let shape = try ModelShape(at: folder.path)
    #expect(shape.cacheBytesPerPosition == 2 * 576)
    #expect(shape.sharedIntermediateSize == 2 * 1408)
    let attention = 2048 * 16 * 192 + 2048 * 576 + 512 * 16 * 256 + 16 * 128 * 2048
    #expect(shape.denseElements == Double(attention + 2048 * 64 + 3 * 2048 * 2816))
    #expect(shape.attentionElements == Double(16 * (576 + 512)))
    #expect(abs(shape.totalBytes / 2 / 15.7e9 - 1) < 0.04)
  }

  /// Llama-3.2-1B: a model with one expert.
  @Test func aDenseModelIsOneExpert() throws {
    let folder = try TemporaryFolder()
    let fields =
      #""num_hidden_layers": 16, "hidden_size": 2048, "num_attention_heads": 32, "num_key_value_heads": 8, "#
      + #""intermediate_size": 8192, "vocab_size": 128256, "max_position_embeddings": 131072}"#
    try folder.write("config.json", #"{"architectures": ["LlamaForCausalLM"], "# + fields)
    let shape = try ModelShape(at: folder.path)
    #expect(shape.experts == 1 && shape.chosenExperts == 1 && shape.expertBytes == 3 * 2048 * 8192 * 2)
    #expect(shape.denseElements == 2048 * (2 * 2048 + 2 * 512))
  }

  @Test func theConfigurationByItselfIsEnough() throws {
    #expect(try ModelShape(at: "\(Setup.models)/\(Setup.qwen)/config.json") == Setup.shape(Setup.qwen))
    // A file with a name of its own has the model's: profiles know models by it.
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: "\(Setup.models)/\(Setup.qwen)/config.json", encoding: .utf8)
    #expect(try ModelShape(at: folder.write("Qwen3-30B-A3B.json", text)) == Setup.shape(Setup.qwen))
  }

  /// Qwen2-MoE has a window of 0, which no layer uses.
  @Test func aWindowThatNoLayerHasDoesNotMatter() throws {
    let folder = try TemporaryFolder()
    let text =
      #"{"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_experts": 8, "num_experts_per_tok": 2, "#
      + #""moe_intermediate_size": 32, "vocab_size": 100, "max_position_embeddings": 128, "sliding_window": 0"#
    try folder.write("config.json", text + "}")
    #expect(try ModelShape(at: folder.path).windows == [nil, nil])
    try folder.write("config.json", text + #", "layer_types": ["sliding_attention", "full_attention"]}"#)
    let error = #expect(throws: (any Error).self) { try ModelShape(at: folder.path) }
    #expect("\(try #require(error))".contains("field sliding_window: found 0"))
  }

  @Test func whatIsMissingIsNamed() throws {
    let folder = try TemporaryFolder()
    #expect(throws: SimulationError("\(folder.path): config.json is missing")) { try ModelShape(at: folder.path) }
    #expect(throws: SimulationError.self) { try ModelShape(at: "\(folder.path)/absent") }
    try folder.write("config.json", #"{"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4}"#)
    let error = #expect(throws: (any Error).self) { try ModelShape(at: folder.path) }
    #expect("\(try #require(error))".contains("field num_experts: it is missing"))
  }
}
