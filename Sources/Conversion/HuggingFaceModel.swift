import Backend
import Checkpoints
import JSON
import Models

/// A Hugging Face folder on its way to a GGUF file: its tensors under the names that they get.
struct HuggingFaceModel {
  let checkpoint: Checkpoint
  let names: GGUFNames
  let description: ModelDescription

  /// - Throws: for a model whose class GGUF has no name for, or that could not be run either.
  init(_ checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    names = try GGUFNames(checkpoint)
    description = try Families.describe(checkpoint)
  }

  /// Experts stacked, rows of queries and keys in the order that GGUF has them.
  func sources() throws -> [RowSource] {
    var sources: [RowSource] = []
    var stacks: [String: [Int: HostTensor]] = [:]
    var order: [String] = []
    for tensor in checkpoint.tensors {
      switch names.place(of: tensor.name) {
      case .tensor(let name): sources.append(try source(weight(tensor), name))
      case .expert(let stack, let index):
        if stacks[stack] == nil { order.append(stack) }
        stacks[stack, default: [:]][index] = try weight(tensor)
      case .stack(let layer, let isDown, let part):
        sources += try StackedExperts(checkpoint, names, layer: layer, isDown: isDown).sources(tensor, part)
      case .latentKeysAndValues(let layer): sources += try latentProjections(weight(tensor), layer)
      case .nowhere: break
      case nil:
        throw ConversionError("\(tensor.source): tensor \(printable(tensor.name)): GGUF has no name for it")
      }
    }
    for name in order { sources.append(try stack(name, stacks[name] ?? [:])) }
    return sources + (try frequencies())
  }

  /// The tensor, whose shape and format are those of a weight.
  private func weight(_ tensor: HostTensor) throws -> HostTensor {
    try checkpoint.weight(tensor.name, shape: tensor.shape)
  }

  private func source(_ tensor: HostTensor, _ name: String) throws -> RowSource {
    if name.contains("ffn_gate_inp_shexp"), tensor.shape.count == 2, tensor.shape[0] == 1 {
      return RowSource(name: name, shape: [tensor.shape[1]], format: tensor.format) { (tensor, $0) }
    }
    guard names.interleavesHeads, name.contains(".attn_q.") || name.contains(".attn_k.") else {
      return RowSource(tensor, name: name)
    }
    let shape = description.attention
    let heads = name.contains(".attn_q.") ? shape.queryHeads : shape.keyValueHeads
    let rows = tensor.shape.first ?? 0
    guard rows > 0, rows % (2 * heads) == 0, tensor.shape.count <= 2 else {
      throw error(tensor, expected: "one or two dimensions and an even number of rows for each of \(heads) heads")
    }
    let order = RowOrder.interleavedHalves(headRows: rows / heads)
    var inverse = [Int](repeating: 0, count: rows)
    for row in 0..<rows { inverse[order.place(of: row)] = row }
    let places = inverse
    guard tensor.shape.count == 1 else {
      return RowSource(name: name, shape: tensor.shape, format: tensor.format) { (tensor, places[$0]) }
    }
    let values = tensor.floats()
    return RowSource(
      HostTensor(name: name, format: .f32, shape: tensor.shape, values: places.map { values[$0] }), name: name)
  }

  /// Experts that stand one by one.
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

  /// Each head's projections of the compressed position: that of its keys turned round, to act on queries, and that of values.
  private func latentProjections(_ tensor: HostTensor, _ layer: Int) throws -> [RowSource] {
    guard let latent = description.latent else { return [] }
    let (heads, plain, value, rank) = (latent.heads, latent.plainSize, latent.valueSize, latent.rank)
    let headRows = plain + value
    guard tensor.shape == [heads * headRows, rank] else { throw error(tensor, expected: "\([heads * headRows, rank])") }
    return [
      RowSource(name: "blk.\(layer).attn_k_b.weight", shape: [heads, rank, plain], of: tensor, step: rank) {
        $0 / rank * headRows * rank + $0 % rank
      },
      RowSource(name: "blk.\(layer).attn_v_b.weight", shape: [heads, value, rank], format: tensor.format) {
        (tensor, $0 / value * headRows + plain + $0 % value)
      },
    ]
  }

  /// What Llama 3.1's scaling divides each frequency by, which a file holds as a tensor.
  private func frequencies() throws -> [RowSource] {
    let rope = try RopeConfiguration(checkpoint.configuration)
    guard case .llama3(let scaling) = rope.scaling else { return [] }
    let divisors = scaling.divisors(columns: description.rotaryColumns, theta: rope.theta)
    return [
      RowSource(HostTensor(name: "rope_freqs.weight", format: .f32, shape: [divisors.count], values: divisors))
    ]
  }

  private func error(_ tensor: HostTensor, expected: String) -> ConversionError {
    ConversionError(
      "\(tensor.source): tensor \(printable(tensor.name)): found shape \(tensor.shape), expected \(expected)")
  }
}
