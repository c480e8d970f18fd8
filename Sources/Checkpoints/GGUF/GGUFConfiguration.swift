import Backend
import JSON

/// The fields of `config.json` that a GGUF file's metadata stand for.
struct GGUFConfiguration {
  private(set) var json: JSONObject
  let architecture: GGUFArchitecture
  private let metadata: GGUFMetadata
  private var members = JSONMembers()
  /// What a field is called in the file, for messages.
  private var keys: [String: String] = [:]

  /// - Throws: `CheckpointError` for an architecture that is not known, or a key whose value is of no use.
  init(_ model: GGUFModel) throws(CheckpointError) {
    metadata = model.metadata
    let name = try metadata.string("general.architecture")
    let hasExperts = (try metadata.optionalInt("\(name).expert_count", in: 0...65_536) ?? 0) > 0
    guard let found = GGUFArchitecture.find(name, hasExperts: hasExperts) else {
      throw metadata.error(
        "general.architecture", expected: GGUFArchitecture.all.map(\.name).joined(separator: ", "))
    }
    architecture = found
    json = JSONObject(source: model.path, members: JSONMembers())
    add("architectures", .array([.string(JSONString(found.modelClass))]))
    for (field, key) in found.fields + GGUFArchitecture.commonFields { try add(field, key: "\(name).\(key)") }
    for (field, value) in found.constants { add(field, value) }
    add("rope_theta", .double(10_000))
    addScaling(name)
    try addVocabulary(model, name)
    try addTokens()
    if found.name == "gpt-oss" { addWindows() }
    if found.name == "deepseek2" { try addLatentHeads(name) }
    json = JSONObject(source: model.path, members: members, keys: keys)
  }

  /// Adds a field, unless it is there.
  private mutating func add(_ field: String, _ value: JSONValue) { _ = members.add(JSONString(field), value) }

  private mutating func add(_ field: String, key: String) throws(CheckpointError) {
    keys[field] = key
    guard let value = metadata[key] else { return }
    switch value {
    case .int(let value): add(field, .int(value))
    case .double(let value): add(field, .double(value))
    case .bool(let value): add(field, .bool(value))
    case .string(let value): add(field, .string(JSONString(value)))
    case .array(let array):
      // One number for each layer.
      guard let values = array.int32s, let first = values.first, values.allSatisfy({ $0 == first }) else {
        throw metadata.error(key, expected: "a number, or the same for each layer")
      }
      add(field, .int(Int(first)))
    case .unsigned: throw metadata.error(key, expected: "a number below 2^63")
    }
  }

  /// Rotary scaling, in the words of transformers.
  private mutating func addScaling(_ name: String) {
    guard case .string(let type) = metadata["\(name).rope.scaling.type"], type != "none" else { return }
    var scaling = JSONMembers()
    _ = scaling.add("rope_type", .string(JSONString(type)))
    let fields = [
      ("factor", "factor"), ("original_max_position_embeddings", "original_context_length"),
      ("attention_factor", "attn_factor"), ("beta_fast", "yarn_beta_fast"), ("beta_slow", "yarn_beta_slow"),
      ("mscale_all_dim", "yarn_log_multiplier"),
    ]
    for (field, key) in fields {
      switch metadata["\(name).rope.scaling.\(key)"] {
      case .int(let value): _ = scaling.add(JSONString(field), .int(value))
      // In the file it is a tenth of transformers' factor.
      case .double(let value):
        _ = scaling.add(JSONString(field), .double(key == "yarn_log_multiplier" ? value * 10 : value))
      default: break
      }
    }
    keys["rope_scaling"] = "\(name).rope.scaling"
    add("rope_scaling", .object(scaling))
  }

  private mutating func addVocabulary(_ model: GGUFModel, _ name: String) throws(CheckpointError) {
    guard let table = model.tensors.first(where: { $0.name == "token_embd.weight" }), table.shape.count == 2 else {
      throw CheckpointError("\(model.path): tensor token_embd.weight: it is missing, or not of two dimensions")
    }
    add("vocab_size", .int(table.shape[0]))
    add("tie_word_embeddings", .bool(!model.tensors.contains { $0.name == "output.weight" }))
  }

  private mutating func addTokens() throws(CheckpointError) {
    let range = 0...Int(Int32.max)
    if let token = try metadata.optionalInt("tokenizer.ggml.bos_token_id", in: range) {
      add("bos_token_id", .int(token))
    }
    var ends: [JSONValue] = []
    for key in ["eos", "eot", "eom"] {
      guard let token = try metadata.optionalInt("tokenizer.ggml.\(key)_token_id", in: range) else { continue }
      if !ends.contains(.int(token)) { ends.append(.int(token)) }
    }
    keys["bos_token_id"] = "tokenizer.ggml.bos_token_id"
    keys["eos_token_id"] = "tokenizer.ggml.eos_token_id"
    if !ends.isEmpty { add("eos_token_id", .array(ends)) }
  }

  /// Every other layer, from the first on, has a sliding window.
  private mutating func addWindows() {
    guard case .int(let layers) = members["num_hidden_layers"], (1...4096).contains(layers) else { return }
    add("layer_types", .array((0..<layers).map { .string($0 % 2 == 0 ? "sliding_attention" : "full_attention") }))
  }

  /// Head sizes of multi-head latent attention: those of its uncompressed form, where the file tells both.
  private mutating func addLatentHeads(_ name: String) throws(CheckpointError) {
    let range = 1...65_536
    func size(_ key: String) throws(CheckpointError) -> Int? {
      if let own = try metadata.optionalInt("\(name).attention.\(key)_mla", in: range) { return own }
      return try metadata.optionalInt("\(name).attention.\(key)", in: range)
    }
    if let key = try size("key_length"), case .int(let rotary) = members["qk_rope_head_dim"] {
      add("qk_nope_head_dim", .int(key - rotary))
    }
    if let value = try size("value_length") { add("v_head_dim", .int(value)) }
    let isSigmoid = try metadata.optionalInt("\(name).expert_gating_func", in: 0...16) == 2
    add("scoring_func", .string(isSigmoid ? "sigmoid" : "softmax"))
    var groups = 1
    if case .int(let count) = members["n_group"] { groups = count }
    add("topk_method", .string(isSigmoid ? "noaux_tc" : groups > 1 ? "group_limited_greedy" : "greedy"))
  }
}
