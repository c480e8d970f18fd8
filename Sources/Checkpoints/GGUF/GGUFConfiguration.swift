import Backend
import JSON

/// The fields of `config.json` that a GGUF file's metadata stand for.
struct GGUFConfiguration {
  private(set) var json: JSONObject
  let architecture: GGUFArchitecture
  let metadata: GGUFMetadata
  var members = JSONMembers()
  /// What a field is called in the file, for messages.
  var keys: [String: String] = [:]

  /// - Throws: `CheckpointError` for an architecture that is not known, or a key whose value is of no use.
  init(_ model: GGUFModel) throws(CheckpointError) {
    metadata = model.metadata
    let name = try metadata.string("general.architecture")
    let hasExperts = (try metadata.optionalInt("\(name).expert_count", in: 0...65_536) ?? 0) > 0
    let isSigmoid = try metadata.optionalInt("\(name).expert_gating_func", in: 0...16) == 2
    guard let found = GGUFArchitecture.find(name, hasExperts: hasExperts, isSigmoid: isSigmoid) else {
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
    try checkRotation(name)
    try addVocabulary(model, name)
    try addTokens()
    try addWindows(name)
    addPresence(model)
    if found.name == "deepseek2" { try addLatentHeads(name, isSigmoid: isSigmoid) }
    json = JSONObject(source: model.path, members: members, keys: keys)
  }

  /// Adds a field, unless it is there.
  mutating func add(_ field: String, _ value: JSONValue) { _ = members.add(JSONString(field), value) }

  mutating func add(_ field: String, key: String) throws(CheckpointError) {
    keys[field] = key
    guard let value = metadata[key] else { return }
    switch value {
    case .int(let value): add(field, .int(value))
    case .double(let value): add(field, .double(value))
    case .bool(let value): add(field, .bool(value))
    case .string(let value): add(field, .string(JSONString(value)))
    case .array(let array):
      // One number for each layer.
      guard let values = array.floats, let first = values.first, values.allSatisfy({ $0 == first }) else {
        throw metadata.error(key, expected: "a number, or the same for each layer")
      }
      add(field, Int32(exactly: first).map { .int(Int($0)) } ?? .double(Double(first)))
    case .unsigned: throw metadata.error(key, expected: "a number below 2^63")
    }
  }

  /// Heads are rotated as a whole, but for those of latent attention.
  private func checkRotation(_ name: String) throws(CheckpointError) {
    let key = "\(name).rope.dimension_count"
    guard name != "deepseek2", let rotated = try metadata.optionalInt(key, in: 0...65_536) else { return }
    var size = members["head_dim"]
    if size == nil, case .int(let hidden) = members["hidden_size"],
      case .int(let heads) = members["num_attention_heads"]
    {
      size = .int(hidden / max(heads, 1))
    }
    guard case .int(let size) = size, rotated == size else {
      throw metadata.error(key, expected: "the size of a head: partly rotated heads are not supported")
    }
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
}
