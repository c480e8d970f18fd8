import Backend
import JSON
import TestSupport
import Testing

@testable import Checkpoints

/// What the metadata and the presence of tensors say, as fields of `config.json`.
struct GGUFConfigurationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of two layers, four heads of eight columns, with these keys and f32 tensors besides the embedding.
  private func open(
    _ name: String, _ keys: [(String, GGUFWriter.Value)] = [], _ tensors: [(String, [Int])] = []
  ) throws -> Checkpoint {
    let common: [(String, GGUFWriter.Value)] = [
      ("block_count", .u32(2)), ("embedding_length", .u32(32)), ("attention.head_count", .u32(4)),
    ]
    var metadata: [(key: String, value: GGUFWriter.Value)] = [("general.architecture", .string(name))]
    metadata += (common + keys).map { ("\(name).\($0.0)", $0.1) }
    let all = [("token_embd.weight", [5, 32])] + tensors
    let path = "\(folder.path)/model.gguf"
    try GGUFWriter.write(
      metadata: metadata,
      tensors: all.map { GGUFWriter.Tensor(name: $0.0, format: .f32, shape: $0.1) { _, _ in } }, to: path
    ) { _, _ in }
    return try Checkpoint(path: path)
  }

  private func expectRefused(
    _ part: String, _ name: String, _ keys: [(String, GGUFWriter.Value)] = [], _ tensors: [(String, [Int])] = []
  ) {
    let error = #expect(throws: CheckpointError.self) { _ = try open(name, keys, tensors) }
    #expect(error?.description.contains("model.gguf: \(part)") == true, "\(String(describing: error))")
  }

  @Test func scoresBySigmoidsMakeAModelOfDeepSeekV3() throws {
    let latent: [(String, GGUFWriter.Value)] = [
      ("rope.dimension_count", .u32(4)), ("attention.key_length", .u32(20)), ("attention.value_length", .u32(16)),
      ("attention.key_length_mla", .u32(12)), ("attention.value_length_mla", .u32(6)),
      ("attention.kv_lora_rank", .u32(16)),
    ]
    let third = try open("deepseek2", latent + [("expert_gating_func", .u32(2))])
    #expect(third.architecture == "DeepseekV3ForCausalLM")
    #expect(try third.configuration.string("topk_method") == "noaux_tc")
    #expect(try third.configuration.double("routed_scaling_factor") == 1, "not what V3's configuration is without it")
    #expect(try third.configuration.int("qk_nope_head_dim") == 8 && third.configuration.int("v_head_dim") == 6)
    #expect(try open("deepseek2", latent).architecture == "DeepseekV2ForCausalLM")
    expectRefused(
      "key deepseek2.expert_weights_norm", "deepseek2", latent + [("expert_weights_norm", .bool(true))])
  }

  /// A tenth of the multiplier is in the file, and cosines and sines are not scaled.
  @Test func scalesOfDeepSeeksYaRN() throws {
    let keys: [(String, GGUFWriter.Value)] = [
      ("rope.scaling.type", .string("yarn")), ("rope.scaling.factor", .f32(40)),
      ("rope.scaling.original_context_length", .u32(4_096)), ("rope.scaling.yarn_log_multiplier", .f32(0.0707)),
    ]
    let rope = try RopeConfiguration(open("deepseek2", keys).configuration)
    guard case .yarn(let yarn) = rope.scaling else {
      Issue.record("\(rope.scaling)")
      return
    }
    // 0.1 · 0.707 · ln 40 + 1.
    #expect(abs(yarn.scoreFactor - 1.260804) < 1e-6 && yarn.attentionFactor == 1 && yarn.truncates)
  }

  @Test func windowsAreThoseOfTheList() throws {
    let window: (String, GGUFWriter.Value) = ("attention.sliding_window", .u32(16))
    let model = try open("qwen3", [window, ("attention.sliding_window_pattern", .bools([false, true]))])
    #expect(try model.configuration.strings("layer_types") == ["full_attention", "sliding_attention"])
    #expect(try model.configuration.int("sliding_window") == 16)
    #expect(try !open("qwen3", [window]).configuration.has("layer_types"))
    let other = try open("gpt-oss", [window]).configuration
    #expect(try other.strings("layer_types") == ["sliding_attention", "full_attention"])
    expectRefused(
      "key qwen3.attention.sliding_window_pattern", "qwen3", [("attention.sliding_window_pattern", .i32s([1, 0]))])
  }

  @Test func layersWithoutARouterAreDense() throws {
    let model = try open("qwen3moe", [("expert_count", .u32(3))], [("blk.1.ffn_gate_inp.weight", [3, 32])])
    #expect(try model.configuration.ints("mlp_only_layers") == [0])
  }

  @Test func biasesAreWhereTheirTensorsAre() throws {
    #expect(try open("llama", [], [("blk.0.attn_q.bias", [32])]).configuration.bool("attention_bias"))
    #expect(try !open("llama").configuration.bool("attention_bias"))
  }

  @Test func whatWouldBeLeftOutIsRefused() {
    expectRefused(
      "tensor blk.1.ffn_up_shexp.weight: models of architecture granitemoe have none", "granitemoe", [],
      [("blk.1.ffn_up_shexp.weight", [8, 32])])
    expectRefused("key llama.rope.dimension_count: found 4", "llama", [("rope.dimension_count", .u32(4))])
  }
}
