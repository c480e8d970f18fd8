import Backend
import JSON

// Fields that say what single layers have.
extension GGUFConfiguration {
  /// Which layers have a window: those that a list names. In GPT-OSS without a list it is every other, from the first on; in
  /// other architectures none.
  mutating func addWindows(_ name: String) throws(CheckpointError) {
    let key = "\(name).attention.sliding_window_pattern"
    guard let layers = layerCount else { return }
    var slides: [Bool]
    switch metadata[key] {
    case .array(let array):
      guard let values = array.bools else { throw metadata.error(key, expected: "a list of booleans") }
      slides = values
    case .int(let period) where name == "gpt-oss" && period > 0:
      slides = (0..<layers).map { $0 % period < period - 1 }
    default:
      guard name == "gpt-oss" else { return }
      slides = (0..<layers).map { $0 % 2 == 0 }
    }
    keys["layer_types"] = key
    try add("sliding_window", key: "\(name).attention.sliding_window")
    add("use_sliding_window", .bool(true))
    add("layer_types", .array(slides.map { .string($0 ? "sliding_attention" : "full_attention") }))
  }

  /// What the presence of tensors says: which layers of a model with experts are dense, and what has biases.
  mutating func addPresence(_ model: GGUFModel) {
    let names = Set(model.tensors.map { JSONString($0.name) })
    func has(_ layer: Int, _ tensor: String) -> Bool { names.contains(JSONString("blk.\(layer).\(tensor)")) }
    add("qkv_bias", .bool(has(0, "attn_q.bias")))
    let projections = ["attn_q", "attn_q_a", "attn_kv_a_mqa", "attn_output"]
    add("attention_bias", .bool(projections.contains { has(0, "\($0).bias") }))
    add("mlp_bias", .bool(has(0, "ffn_gate.bias")))
    guard architecture.name.hasSuffix("moe"), let layers = layerCount else { return }
    add("mlp_only_layers", .array((0..<layers).filter { !has($0, "ffn_gate_inp.weight") }.map { .int($0) }))
  }

  private var layerCount: Int? {
    if case .int(let layers) = members["num_hidden_layers"], (1...4096).contains(layers) { layers } else { nil }
  }

  /// Head sizes of multi-head latent attention, those of its uncompressed form, and the rules of the router.
  mutating func addLatentHeads(_ name: String, isSigmoid: Bool) throws(CheckpointError) {
    let range = 1...65_536
    func size(_ key: String) throws(CheckpointError) -> Int? {
      if let own = try metadata.optionalInt("\(name).attention.\(key)_mla", in: range) { return own }
      return try metadata.optionalInt("\(name).attention.\(key)", in: range)
    }
    if let key = try size("key_length"), case .int(let rotary) = members["qk_rope_head_dim"] {
      add("qk_nope_head_dim", .int(key - rotary))
    }
    if let value = try size("value_length") { add("v_head_dim", .int(value)) }
    if !isSigmoid, try metadata.optionalBool("\(name).expert_weights_norm") == true {
      throw metadata.error("\(name).expert_weights_norm", expected: "false, as experts are scored by a softmax")
    }
    var groups = 1
    if case .int(let count) = members["n_group"] { groups = count }
    add("topk_method", .string(isSigmoid ? "noaux_tc" : groups > 1 ? "group_limited_greedy" : "greedy"))
  }
}
