import JSON

/// The names that tensors of a Hugging Face checkpoint get in a GGUF file.
package struct GGUFNames {
  /// Where a tensor goes.
  package enum Place: Equatable {
    case tensor(String)
    /// A part of the stacked tensor of a layer's experts.
    case expert(stack: String, index: Int)
    /// A layer's projections of all experts, those of gate and up or those of down, or a part of them.
    case stack(layer: Int, isDown: Bool, part: StackPart)
    /// A layer's projections of compressed keys and values, which are two tensors in a file.
    case latentKeysAndValues(layer: Int)
    /// Nowhere: the file does not have it.
    case nowhere
  }

  /// By what follows the name of the projection.
  package enum StackPart: String, CaseIterable {
    case weights = ""
    case biases = "_bias"
    case blocks = "_blocks"
    case scales = "_scales"
  }

  let architecture: GGUFArchitecture
  private let layerCount: Int
  private let isTied: Bool
  private let layerNames: [String: String]
  private let modelNames: [String: String]

  /// - Throws: for a model class whose checkpoints cannot be written as GGUF.
  package init(_ checkpoint: Checkpoint) throws(CheckpointError) {
    guard let found = GGUFArchitecture.find(modelClass: checkpoint.architecture) else {
      throw CheckpointError(
        "\(checkpoint.configuration.source): field architectures: \(quoted(checkpoint.architecture)) cannot be converted"
      )
    }
    architecture = found
    layerCount = try checkpoint.configuration.int("num_hidden_layers", in: 1...4096)
    isTied = try checkpoint.configuration.bool("tie_word_embeddings", default: false)
    func turned(_ names: [String: String]) -> [String: String] {
      Dictionary(names.map { ($0.value, $0.key) }) { first, _ in first }
    }
    layerNames = turned(GGUFArchitecture.commonLayerTensors).merging(turned(found.layerTensors)) { $1 }
    modelNames = turned(GGUFArchitecture.modelTensors)
  }

  /// `general.architecture`.
  package var name: String { architecture.name }
  package var interleavesHeads: Bool { architecture.interleavesHeads }
  /// Gate and up projection take turns in stacked matrices, which are turned round.
  package var alternatesExperts: Bool { architecture.experts.alternates }

  /// Where the tensor `name` goes; nil if GGUF has no name for it.
  package func place(of name: String) -> Place? {
    if isTied, name == "lm_head.weight" { return .nowhere }
    if let known = modelNames[name] { return .tensor(known) }
    let words = name.split(separator: ".")
    guard words.count >= 5, words[0] == "model", words[1] == "layers", let layer = Int(words[2]) else { return nil }
    // Layers beyond the last predict further tokens.
    if layer >= layerCount || name.hasSuffix("rotary_emb.inv_freq") { return .nowhere }
    let own = ownName(words[3...].joined(separator: "."))
    // These have no kind behind their names.
    switch own {
    case "self_attn.sinks": return .tensor("blk.\(layer).attn_sinks.weight")
    case "mlp.gate.e_score_correction_bias": return .tensor("blk.\(layer).exp_probs_b.bias")
    case "self_attn.kv_b_proj.weight": return .latentKeysAndValues(layer: layer)
    default: break
    }
    return stack(own, layer) ?? single(own, layer)
  }

  /// Newer names of Mixtral's tensors are those that other families have.
  private func ownName(_ name: String) -> String {
    let prefix = "block_sparse_moe."
    let isNew = architecture.experts.prefix.hasPrefix(prefix) && name.hasPrefix("mlp.")
    return isNew ? prefix + name.dropFirst("mlp.".count) : name
  }

  private func stack(_ own: String, _ layer: Int) -> Place? {
    let experts = architecture.experts
    for part in StackPart.allCases {
      for (name, isDown) in [(experts.stackedGateUp, false), (experts.stackedDown, true)]
      where own == experts.prefix + name + part.rawValue {
        return .stack(layer: layer, isDown: isDown, part: part)
      }
    }
    return nil
  }

  private func single(_ own: String, _ layer: Int) -> Place? {
    guard let dot = own.lastIndex(of: ".") else { return nil }
    let (middle, kind) = (own[..<dot], own[own.index(after: dot)...])
    let rest = middle.dropFirst(architecture.experts.prefix.count).split(separator: ".")
    guard middle.hasPrefix(architecture.experts.prefix), rest.count == 2, let index = Int(rest[0]) else {
      return layerNames[String(middle)].map { .tensor("blk.\(layer).\($0).\(kind)") }
    }
    let parts = [
      architecture.experts.gate: "ffn_gate_exps", architecture.experts.up: "ffn_up_exps",
      architecture.experts.down: "ffn_down_exps",
    ]
    return parts[String(rest[1])].map { .expert(stack: "blk.\(layer).\($0).\(kind)", index: index) }
  }

  /// Fields of `config.json` and the keys, without the architecture's name, that they become.
  package var fields: [(field: String, key: String)] { architecture.fields + GGUFArchitecture.commonFields }
}
