import JSON

/// The names that tensors of a Hugging Face checkpoint get in a GGUF file.
package struct GGUFNames {
  /// Where a tensor goes.
  package enum Place: Equatable {
    case tensor(String)
    /// A part of the stacked tensor of a layer's experts.
    case expert(stack: String, index: Int)
  }

  let architecture: GGUFArchitecture
  private let layerNames: [String: String]
  private let modelNames: [String: String]

  /// - Throws: for a model class whose checkpoints cannot be written as GGUF.
  package init(_ checkpoint: Checkpoint) throws(CheckpointError) {
    let known = [GGUFArchitecture.qwen3MoE, .qwen3, .llama, .mixtral, .qwen2MoE, .olmoe]
    guard let found = known.first(where: { $0.modelClass == checkpoint.architecture }) else {
      throw CheckpointError(
        "\(checkpoint.configuration.source): field architectures: \(quoted(checkpoint.architecture)) cannot be converted, "
          + "expected one of \(known.map(\.modelClass).joined(separator: ", "))")
    }
    architecture = found
    let names = GGUFArchitecture.commonLayerTensors.merging(found.layerTensors) { $1 }
    layerNames = Dictionary(names.map { ($0.value, $0.key) }) { first, _ in first }
    modelNames = Dictionary(GGUFArchitecture.modelTensors.map { ($0.value, $0.key) }) { first, _ in first }
  }

  /// `general.architecture`.
  package var name: String { architecture.name }
  package var interleavesHeads: Bool { architecture.interleavesHeads }

  /// Where the tensor `name` goes; nil if GGUF has no name for it.
  package func place(of name: String) -> Place? {
    if let known = modelNames[name] { return .tensor(known) }
    let words = name.split(separator: ".")
    guard words.count >= 5, words[0] == "model", words[1] == "layers", let layer = Int(words[2]) else { return nil }
    let kind = words[words.count - 1]
    let middle = words[3..<words.count - 1].joined(separator: ".")
    if middle.hasPrefix(architecture.experts.prefix) {
      let rest = middle.dropFirst(architecture.experts.prefix.count).split(separator: ".")
      guard rest.count == 2, let index = Int(rest[0]) else { return nil }
      let parts = [
        architecture.experts.gate: "ffn_gate_exps", architecture.experts.up: "ffn_up_exps",
        architecture.experts.down: "ffn_down_exps",
      ]
      return parts[String(rest[1])].map { .expert(stack: "blk.\(layer).\($0).\(kind)", index: index) }
    }
    return layerNames[middle].map { .tensor("blk.\(layer).\($0).\(kind)") }
  }

  /// Fields of `config.json` and the keys, without the architecture's name, that they become.
  package var fields: [(field: String, key: String)] { architecture.fields + GGUFArchitecture.commonFields }
}
