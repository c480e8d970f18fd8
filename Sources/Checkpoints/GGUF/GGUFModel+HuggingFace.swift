import Backend
import JSON

// The tensors of a GGUF model under the names that Hugging Face checkpoints have.
extension GGUFModel {
  /// Experts, which GGUF stacks, one by one; rows of queries and keys in transformers' order; what has no other name under
  /// its own.
  func namedTensors(_ configuration: GGUFConfiguration) throws(CheckpointError) -> [HostTensor] {
    var named: [HostTensor] = []
    for tensor in tensors { named += try Self.named(tensor, configuration) }
    return named
  }

  private static func named(
    _ tensor: HostTensor, _ configuration: GGUFConfiguration
  ) throws(CheckpointError) -> [HostTensor] {
    if let name = GGUFArchitecture.modelTensors[tensor.name] { return [tensor.renamed(name)] }
    let words = tensor.name.split(separator: ".")
    guard words.count >= 3, words[0] == "blk", let layer = Int(words[1]) else { return [tensor] }
    let architecture = configuration.architecture
    let prefix = "model.layers.\(layer)."
    let kind = String(words[words.count - 1])
    let middle = words[2..<words.count - 1].joined(separator: ".")
    if let part = GGUFArchitecture.expertPart(Substring(middle)) {
      return try experts(tensor, part, prefix + architecture.experts.prefix, kind, configuration)
    }
    guard let name = architecture.layerTensors[middle] ?? GGUFArchitecture.commonLayerTensors[middle] else {
      // A part that is left out would change what the model says.
      if try layer >= configuration.json.int("num_hidden_layers", in: 1...4096) || unused.contains(middle) {
        return [tensor]
      }
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(tensor.name)): models of architecture \(architecture.name) have none like it"
      )
    }
    // Some names are those of the tensor itself.
    let isWhole = name.hasSuffix(".sinks") || name.hasSuffix("_bias")
    let full = isWhole ? prefix + name : "\(prefix)\(name).\(kind)"
    if architecture.interleavesHeads, middle == "attn_q" || middle == "attn_k" {
      return [try reordered(tensor.renamed(full), middle, configuration.json)]
    }
    // A gate of one row is stored as a vector.
    let isRow = middle == "ffn_gate_inp_shexp" && tensor.shape.count == 1
    return [tensor.renamed(full, shape: isRow ? [1] + tensor.shape : nil)]
  }

  /// What older files hold although it follows from the metadata.
  private static let unused: Set = ["attn_rot_embd", "rope_freqs"]

  private static func reordered(
    _ tensor: HostTensor, _ middle: String, _ json: JSONObject
  ) throws(CheckpointError) -> HostTensor {
    let field = middle == "attn_q" || !json.has("num_key_value_heads") ? "num_attention_heads" : "num_key_value_heads"
    let heads = try json.int(field, in: 1...65_536)
    let rows = tensor.shape[0]
    guard rows % heads == 0, rows / heads % 2 == 0 else {
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(tensor.name)): found \(rows) rows, expected an even number for each of "
          + "\(heads) heads")
    }
    return tensor.renamed(tensor.name, rowOrder: .interleavedHalves(headRows: rows / heads))
  }

  private static func experts(
    _ tensor: HostTensor, _ part: GGUFArchitecture.ExpertPart, _ prefix: String, _ kind: String,
    _ configuration: GGUFConfiguration
  ) throws(CheckpointError) -> [HostTensor] {
    let names = configuration.architecture.experts
    let field = configuration.json.has("num_experts") ? "num_experts" : configuration.architecture.expertField
    let count = try configuration.json.int(field, in: 1...4096)
    guard tensor.shape.count >= 2, tensor.shape[0] == count, part != .gateUp || tensor.shape[1] % 2 == 0 else {
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(tensor.name)): found shape \(tensor.shape), expected \(count) experts")
    }
    func single(_ expert: HostTensor, _ index: Int, _ name: String) -> HostTensor {
      expert.renamed("\(prefix)\(index).\(name).\(kind)")
    }
    return (0..<count).flatMap { index -> [HostTensor] in
      let expert = tensor.element(index)
      switch part {
      case .gate: return [single(expert, index, names.gate)]
      case .up: return [single(expert, index, names.up)]
      case .down: return [single(expert, index, names.down)]
      case .gateUp:
        let half = expert.shape[0] / 2
        return [
          single(expert.rows(0..<half), index, names.gate), single(expert.rows(half..<2 * half), index, names.up),
        ]
      }
    }
  }
}

extension GGUFArchitecture {
  /// The field of `config.json` that counts the experts.
  var expertField: String { fields.first { $0.key == "expert_count" }?.field ?? "num_experts" }
}

extension HostTensor {
  /// The same tensor under another name.
  func renamed(_ name: String, shape: [Int]? = nil, rowOrder: RowOrder? = nil) -> HostTensor {
    HostTensor(
      name: name, format: format, shape: shape ?? self.shape, bytes: bytes, scales: scales,
      rowOrder: rowOrder ?? self.rowOrder, source: source, owner: owner)
  }
}
