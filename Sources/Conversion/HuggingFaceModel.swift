import Backend
import Checkpoints
import JSON

/// A Hugging Face folder on its way to a GGUF file: its tensors under the names that they get, its configuration as keys.
struct HuggingFaceModel {
  private let checkpoint: Checkpoint
  private let names: GGUFNames
  private var configuration: JSONObject { checkpoint.configuration }

  init(_ checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    names = try GGUFNames(checkpoint)
  }

  /// Experts stacked, rows of queries and keys in the order that GGUF has them.
  func sources() throws -> [RowSource] {
    var sources: [RowSource] = []
    var stacks: [String: [Int: HostTensor]] = [:]
    var order: [String] = []
    for tensor in checkpoint.tensors where !tensor.name.hasSuffix("rotary_emb.inv_freq") {
      switch names.place(of: tensor.name) {
      case .tensor(let name): sources.append(try source(tensor, name))
      case .expert(let stack, let index):
        if stacks[stack] == nil { order.append(stack) }
        stacks[stack, default: [:]][index] = tensor
      case nil:
        throw ConversionError("\(tensor.source): tensor \(printable(tensor.name)): GGUF has no name for it")
      }
    }
    for name in order { sources.append(try stack(name, stacks[name] ?? [:])) }
    return sources
  }

  private func source(_ tensor: HostTensor, _ name: String) throws -> RowSource {
    if name.contains("ffn_gate_inp_shexp"), tensor.shape.count == 2, tensor.shape[0] == 1 {
      return RowSource(name: name, shape: [tensor.shape[1]], format: tensor.format) { (tensor, $0) }
    }
    guard names.interleavesHeads, name.contains(".attn_q.") || name.contains(".attn_k.") else {
      return RowSource(tensor, name: name)
    }
    let field = name.contains(".attn_q.") || !configuration.has("num_key_value_heads")
    let heads = try configuration.int(field ? "num_attention_heads" : "num_key_value_heads", in: 1...65_536)
    let rows = tensor.shape[0]
    guard rows % (2 * heads) == 0, tensor.shape.count == 2 else {
      throw ConversionError(
        "\(tensor.source): tensor \(printable(tensor.name)): found shape \(tensor.shape), expected two dimensions and an "
          + "even number of rows for each of \(heads) heads")
    }
    let order = RowOrder.interleavedHalves(headRows: rows / heads)
    var inverse = [Int](repeating: 0, count: rows)
    for row in 0..<rows { inverse[order.place(of: row)] = row }
    let places = inverse
    return RowSource(name: name, shape: tensor.shape, format: tensor.format) { (tensor, places[$0]) }
  }

  private func stack(_ name: String, _ experts: [Int: HostTensor]) throws -> RowSource {
    let tensors = (0..<experts.count).compactMap { experts[$0] }
    guard let first = tensors.first, tensors.count == experts.count, first.shape.count == 2,
      tensors.allSatisfy({ $0.shape == first.shape && $0.format == first.format })
    else {
      throw ConversionError(
        "\(checkpoint.path): the experts of \(name) are not all there, or differ in shape or format")
    }
    let rows = first.shape[0]
    return RowSource(name: name, shape: [tensors.count] + first.shape, format: first.format) {
      (tensors[$0 / rows], $0 % rows)
    }
  }

  /// The keys of the configuration and of the tokenizer.
  func metadata(_ choice: FormatChoice) throws -> [(key: String, value: GGUFWriter.Value)] {
    let prefix = names.name
    var entries: [(key: String, value: GGUFWriter.Value)] = [
      ("general.architecture", .string(prefix)), ("general.type", .string("model")),
    ]
    for (field, key) in names.fields where key != "attention.key_length" && key != "rope.freq_base" {
      guard let value = try value(field, key) else { continue }
      entries.append(("\(prefix).\(key)", value))
    }
    entries += try headKeys(prefix)
    entries += try rotaryKeys(prefix)
    entries += Converter.formatKeys(choice)
    return entries + (try TokenizerMetadata(checkpoint).entries)
  }

  private func value(_ field: String, _ key: String) throws -> GGUFWriter.Value? {
    let field = key == "expert_count" && !configuration.has(field) ? "num_experts" : field
    guard configuration.has(field) else { return nil }
    if key == "attention.layer_norm_rms_epsilon" { return .f32(Float(try configuration.double(field))) }
    return .u32(UInt32(try configuration.int(field, in: 0...Int(Int32.max))))
  }

  private func headKeys(_ prefix: String) throws -> [(key: String, value: GGUFWriter.Value)] {
    let heads = try configuration.int("num_attention_heads", in: 1...65_536)
    let size = try configuration.optionalInt("head_dim", in: 2...65_536)
    let columns = try size ?? configuration.int("hidden_size", in: heads...(1 << 24)) / heads
    return [
      ("\(prefix).attention.key_length", .u32(UInt32(columns))),
      ("\(prefix).attention.value_length", .u32(UInt32(columns))),
      ("\(prefix).rope.dimension_count", .u32(UInt32(columns))),
      ("\(prefix).vocab_size", .u32(UInt32(try configuration.int("vocab_size", in: 1...(1 << 24))))),
    ]
  }

  private func rotaryKeys(_ prefix: String) throws -> [(key: String, value: GGUFWriter.Value)] {
    let theta = try RopeConfiguration(configuration).theta
    var entries: [(key: String, value: GGUFWriter.Value)] = [("\(prefix).rope.freq_base", .f32(Float(theta)))]
    guard let scaling = try configuration.object("rope_scaling") ?? configuration.object("rope_parameters") else {
      return entries
    }
    let type = try scaling.optionalString("rope_type") ?? scaling.optionalString("type") ?? "default"
    guard type != "default" else { return entries }
    guard type == "linear" || type == "yarn" else {
      throw scaling.error("rope_type", expected: "default, linear or yarn, which can be converted")
    }
    entries.append(("\(prefix).rope.scaling.type", .string(type)))
    entries.append(("\(prefix).rope.scaling.factor", .f32(Float(try scaling.double("factor")))))
    if let original = try scaling.optionalInt("original_max_position_embeddings", in: 1...Int(Int32.max)) {
      entries.append(("\(prefix).rope.scaling.original_context_length", .u32(UInt32(original))))
    }
    return entries
  }
}
