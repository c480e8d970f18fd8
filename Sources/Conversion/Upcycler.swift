package import Backend
package import Checkpoints

/// Turns a dense model of GGUF's `llama` architecture into one with experts, of Mixtral's shape (sparse upcycling, Komatsuzaki
/// et al. 2023): every expert is the dense feed-forward network with its neurons in another order, behind a random router. As
/// the weights of the chosen experts add up to 1, the output stays the dense model's, but for rounding.
package struct Upcycler {
  package let converter: Converter

  /// - Parameters:
  ///   - experts: of each layer, at least 2; `used` of them meet a token.
  ///   - type: of the weights; nil for those that they have, with no rounding: then whole blocks of neurons change places.
  ///   - seed: of orders and routers.
  /// - Throws: for a model that is no dense `llama` GGUF.
  package init(
    _ checkpoint: Checkpoint, experts: Int, used: Int, type: ElementFormat?, seed: UInt64
  ) throws {
    guard let gguf = checkpoint.gguf else {
      throw ConversionError("\(checkpoint.path): found a folder, expected a GGUF file; strata convert makes one")
    }
    guard checkpoint.architecture == "LlamaForCausalLM" else {
      throw gguf.metadata.error("general.architecture", expected: "a dense \"llama\"")
    }
    let choice = type.map { FormatChoice(type: $0) }
    var downFormats: [Int: ElementFormat] = [:]
    for tensor in gguf.tensors {
      let words = tensor.name.split(separator: ".")
      if words.count == 4, words[2] == "ffn_down", let layer = Int(words[1]) { downFormats[layer] = tensor.format }
    }
    let network = ExpertNetwork(experts: experts, seed: seed, choice: choice, downFormats: downFormats)
    var tensors: [GGUFWriter.Tensor] = []
    for tensor in gguf.tensors {
      tensors += try network.tensors(for: tensor)
    }
    let own: [(key: String, value: GGUFWriter.Value)] = [
      ("llama.expert_count", .u32(UInt32(experts))), ("llama.expert_used_count", .u32(UInt32(used))),
    ]
    converter = Converter(
      metadata: Converter.copiedMetadata(gguf, choice, without: Set(own.map(\.key))) + own, tensors: tensors)
  }
}

/// What becomes of a dense layer's tensors.
private struct ExpertNetwork {
  let experts: Int
  let seed: UInt64
  let choice: FormatChoice?
  /// By layer.
  let downFormats: [Int: ElementFormat]

  /// The tensor itself, or what stands for it: experts for a projection, and the router with the first of them.
  func tensors(for tensor: HostTensor) throws -> [GGUFWriter.Tensor] {
    let words = tensor.name.split(separator: ".")
    guard words.count == 4, words[0] == "blk", let layer = Int(words[1]), tensor.shape.count == 2 else {
      return [converted(RowSource(tensor))]
    }
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    let name = "blk.\(layer).\(words[2])_exps.weight"
    let shape = [experts, rows, columns]
    switch words[2] {
    case "ffn_gate", "ffn_up":
      // The rows are the neurons.
      let orders = orders(layer, count: rows, run: downRun(layer))
      let source = RowSource(name: name, shape: shape, format: tensor.format) { (tensor, orders[$0 / rows][$0 % rows]) }
      return (words[2] == "ffn_gate" ? [router(layer, columns: columns)] : []) + [converted(source)]
    case "ffn_down": return [down(tensor, name, shape, orders(layer, count: columns, run: downRun(layer)))]
    default: return [converted(RowSource(tensor))]
    }
  }

  private func converted(_ source: RowSource) -> GGUFWriter.Tensor {
    source.tensor(as: format(source.name, source.shape, source.format))
  }

  private func format(_ name: String, _ shape: [Int], _ found: ElementFormat) -> ElementFormat {
    choice?.format(name: name, shape: shape, found: found) ?? found
  }

  /// Neurons that stay together: those of a block of the down projection, unless it is rounded anew.
  private func downRun(_ layer: Int) -> Int { choice == nil ? downFormats[layer]?.blockElements ?? 1 : 1 }

  /// Each expert's neurons: the dense network's in a random order (Fisher and Yates), the same for its three projections.
  private func orders(_ layer: Int, count: Int, run: Int) -> [[Int]] {
    (0..<experts).map { expert in
      var random = SplitMix(seed: seed, layer * experts + expert)
      return (0..<count / run).shuffled(using: &random).flatMap { $0 * run..<($0 + 1) * run }
    }
  }

  /// The columns are the neurons.
  private func down(_ tensor: HostTensor, _ name: String, _ shape: [Int], _ orders: [[Int]]) -> GGUFWriter.Tensor {
    let (rows, columns) = (shape[1], shape[2])
    let format = format(name, shape, tensor.format)
    let run = format.blockElements
    if choice == nil {
      return GGUFWriter.Tensor(name: name, format: format, shape: shape) { row, target in
        guard let source = tensor.bytes.baseAddress else { return }
        for block in 0..<columns / run {
          let place = row % rows * (columns / run) + orders[row / rows][block * run] / run
          (target + block * format.byteCount).copyMemory(
            from: source + place * format.byteCount, byteCount: format.byteCount)
        }
      }
    }
    return GGUFWriter.Tensor(name: name, format: format, shape: shape) { row, target in
      let order = orders[row / rows]
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * columns) { values in
        guard let dense = values.baseAddress else { return }
        let ordered = dense + columns
        tensor.readRow(at: row % rows, columns: columns, into: dense)
        for k in 0..<columns { ordered[k] = dense[order[k]] }
        BlockEncoding.encode(ordered, count: columns, as: format, to: target)
      }
    }
  }

  /// Uniform in ±√(3 / columns): logits of the size of the activations.
  private func router(_ layer: Int, columns: Int) -> GGUFWriter.Tensor {
    let (experts, seed) = (experts, seed)
    let bound = (3 / Float(columns)).squareRoot()
    return GGUFWriter.Tensor(name: "blk.\(layer).ffn_gate_inp.weight", format: .f32, shape: [experts, columns]) {
      row, target in
      var random = SplitMix(seed: ~seed, layer * experts + row)
      for k in 0..<columns {
        target.storeBytes(of: Float.random(in: -bound...bound, using: &random), toByteOffset: k * 4, as: Float.self)
      }
    }
  }
}

extension SplitMix {
  /// One sequence for each number of a seed.
  fileprivate init(seed: UInt64, _ number: Int) {
    self.init(state: seed &+ UInt64(number + 1) &* 0xD129_0C4F_3B1A_66D5)
  }
}
