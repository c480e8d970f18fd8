import Backend
import Checkpoints
import JSON
import Models

/// The keys of a GGUF file that the configuration of a Hugging Face folder becomes.
struct HuggingFaceMetadata {
  typealias Entry = (key: String, value: GGUFWriter.Value)

  private let model: HuggingFaceModel
  private let prefix: String
  private var configuration: JSONObject { model.checkpoint.configuration }
  private var description: ModelDescription { model.description }

  init(_ model: HuggingFaceModel) {
    self.model = model
    prefix = model.names.name
  }

  /// The keys of the configuration and of the tokenizer.
  func entries(_ choice: FormatChoice) throws -> [Entry] {
    var entries: [Entry] = [("general.architecture", .string(prefix)), ("general.type", .string("model"))]
    for (field, key) in model.names.fields where !Self.ownKeys.contains(key) {
      if let value = try value(field, key) { entries.append((name(key), value)) }
    }
    entries.append((name("vocab_size"), .u32(UInt32(description.vocabularySize))))
    entries += try description.latent.map(latentKeys) ?? headKeys()
    entries += try RotaryMetadata(configuration, prefix: prefix).entries
    entries += windowKeys()
    return entries + Converter.formatKeys(choice) + (try TokenizerMetadata(model.checkpoint).entries)
  }

  private func name(_ key: String) -> String { "\(prefix).\(key)" }

  /// Keys whose values are not simply those of a field.
  private static let ownKeys: Set = [
    "attention.key_length", "rope.freq_base", "rope.dimension_count", "expert_group_count", "expert_group_used_count",
    "expert_weights_norm", "expert_weights_scale", "expert_shared_count", "leading_dense_block_count",
  ]
  private static let numbers: Set = [
    "attention.layer_norm_rms_epsilon", "logit_scale", "residual_scale", "embedding_scale", "attention.clamp_kqv",
  ]

  private func value(_ field: String, _ key: String) throws -> GGUFWriter.Value? {
    let hasExperts = description.isSparse.contains(true)
    switch key {
    case "expert_count": return hasExperts ? .u32(UInt32(description.expertCount)) : nil
    case "expert_used_count": return hasExperts ? .u32(UInt32(description.chosenExperts)) : nil
    case "attention.head_count_kv": return .u32(UInt32(description.attention.keyValueHeads))
    case "attention.scale": return .f32(description.attention.scale)
    case "swiglu_clamp_exp": return try clamps(field)
    default: break
    }
    guard configuration.has(field) else { return nil }
    if Self.numbers.contains(key) { return .f32(Float(try configuration.double(field))) }
    return .u32(UInt32(try configuration.int(field, in: 0...Int(Int32.max))))
  }

  /// A bound for each layer, where it is not the one that all files of GPT-OSS have.
  private func clamps(_ field: String) throws -> GGUFWriter.Value? {
    let limit = try configuration.double(field, default: 7, in: 0...1e30)
    if try configuration.double("swiglu_alpha", default: 1.702) != 1.702 {
      throw configuration.error("swiglu_alpha", expected: "1.702, as GGUF has no key for it")
    }
    if limit == 7 { return nil }
    return .f32s(Array(repeating: Float(limit), count: description.layerCount))
  }

  private func headKeys() throws -> [Entry] {
    let columns = UInt32(description.attention.headSize)
    var entries: [Entry] = [
      (name("attention.key_length"), .u32(columns)), (name("attention.value_length"), .u32(columns)),
      (name("rope.dimension_count"), .u32(columns)),
    ]
    // Files of Qwen3-MoE renormalise the weights of experts and others do not, unless they say otherwise.
    if model.names.fields.contains(where: { $0.field == "norm_topk_prob" }) {
      let norm = try configuration.bool("norm_topk_prob", default: false)
      if norm != (prefix == "qwen3moe") { entries.append((name("expert_weights_norm"), .bool(norm))) }
    }
    return entries
  }

  /// Multi-head latent attention as one head on compressed positions, and the router.
  private func latentKeys(_ latent: LatentAttentionShape) throws -> [Entry] {
    guard try configuration.bool("rope_interleave", default: true) else {
      throw configuration.error("rope_interleave", expected: "true, as GGUF has it")
    }
    let isThird = model.checkpoint.architecture == "DeepseekV3ForCausalLM"
    let sparse = description.isSparse.firstIndex(of: true) ?? description.layerCount
    let shared = description.sharedIntermediateSize / max(description.expertIntermediateSize, 1)
    let scale = try configuration.double("routed_scaling_factor", default: isThird ? 2.5 : 1)
    let sizes = [
      ("attention.key_length", latent.rank + latent.rotarySize), ("attention.value_length", latent.rank),
      ("attention.key_length_mla", latent.querySize), ("attention.value_length_mla", latent.valueSize),
      ("rope.dimension_count", latent.rotarySize), ("leading_dense_block_count", sparse),
      ("expert_shared_count", shared), ("expert_gating_func", isThird ? 2 : 1),
    ]
    var entries: [Entry] = sizes.map { (name($0.0), .u32(UInt32($0.1))) }
    entries.append((name("expert_weights_scale"), .f32(Float(scale))))
    if isThird, try configuration.bool("norm_topk_prob", default: true) {
      entries.append((name("expert_weights_norm"), .bool(true)))
    }
    return try entries + groupKeys(isThird: isThird)
  }

  /// Groups of experts, where the choice is limited to some of them.
  private func groupKeys(isThird: Bool) throws -> [Entry] {
    let method = try configuration.string("topk_method", default: isThird ? "noaux_tc" : "greedy")
    guard method != "greedy", description.isSparse.contains(true) else { return [] }
    let groups = try configuration.int("n_group", in: 1...description.expertCount)
    let kept = try configuration.int("topk_group", in: 1...groups)
    guard kept < groups else { return [] }
    return [
      (name("expert_group_count"), .u32(UInt32(groups))), (name("expert_group_used_count"), .u32(UInt32(kept))),
    ]
  }

  /// Which layers have a sliding window, where some have.
  private func windowKeys() -> [Entry] {
    let windows = description.windows
    guard let window = windows.lazy.compactMap({ $0 }).first else { return [] }
    let slides = windows.map { $0 != nil }
    let size: Entry = (name("attention.sliding_window"), .u32(UInt32(window)))
    // Files of GPT-OSS without a list have a window in every other layer.
    if prefix == "gpt-oss", slides == slides.indices.map({ $0 % 2 == 0 }) { return [size] }
    return [size, (name("attention.sliding_window_pattern"), .bools(slides))]
  }
}
