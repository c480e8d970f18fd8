package import Scheduling

/// What one iteration costs on some machine.
package struct IterationCost: Sendable, Equatable {
  package var seconds = 0.0
  /// Bytes of experts' weights read, on all devices together, at layers with decode rows only and inside tiles.
  package var expertBytesDecode = 0.0
  package var expertBytesPrefill = 0.0
  /// The part of `seconds` that experts took.
  package var expertSeconds = 0.0
  /// Bytes of other weights, and of keys and values.
  package var denseBytes = 0.0
  package var cacheBytes = 0.0
  /// All bytes read from device memory, and operations, on all devices together.
  package var bytes = 0.0
  package var operations = 0.0

  package init() {}
}

/// Predicts iterations from first principles and a few efficiencies: a layer reads its weights and multiplies by them, and
/// takes a little more than the longer of the two.
///
/// Reading and multiplying overlap, but never wholly: t = √(t_read² + t_multiply²). With the two rates for experts set from
/// the paper's run time of a 512-token and of an 8192-token chunk, this gives the three in between within 3 %.
package struct CostModel: Sendable {
  package let model: ModelShape
  package let hardware: HardwareProfile
  package let coverage: ExpertCoverage

  package init(model: ModelShape, hardware: HardwareProfile, coverage: ExpertCoverage) {
    self.model = model
    self.hardware = hardware
    self.coverage = coverage
  }

  /// Seconds that the host takes in an iteration for each sequence in it: to schedule it, to lay out its blocks, to sample.
  package var sequenceOverhead: Double {
    hardware.sequenceOverheads?[model.name] ?? hardware.sequenceOverhead
  }

  package func cost(of load: IterationLoad) -> IterationCost {
    var total = IterationCost()
    // Between two neighbouring bounds all layers have the same rows.
    let bounds = Set(load.tiles.flatMap { [$0.layers.lowerBound, $0.layers.upperBound] } + [0, model.layers]).sorted()
    for (begin, end) in zip(bounds, bounds.dropFirst()) {
      let tiles = load.tiles.filter { $0.layers.contains(begin) }
      guard load.decode.rows > 0 || !tiles.isEmpty else { continue }
      for (window, count) in layersByWindow(begin..<end) {
        add(layer(load.decode, tiles, window: window), times: Double(count), to: &total)
      }
    }
    let completed = load.tiles.filter { $0.layers.upperBound == model.layers }.reduce(0) { $0 + $1.slices.count }
    add(head(rows: load.decode.rows + completed), times: 1, to: &total)
    let sequences = load.decode.rows + load.tiles.reduce(0) { $0 + $1.slices.count }
    total.seconds += sequenceOverhead * Double(sequences)
    return total
  }

  /// Joules of `cost`, and of `idle` seconds without work.
  package func energy(of cost: IterationCost, idle: Double = 0) -> Double {
    let devices = Double(hardware.devices)
    return devices * (hardware.busyPower * cost.seconds + hardware.idlePower * idle)
      + hardware.energyPerByte * cost.bytes + hardware.energyPerOperation * cost.operations
  }

  /// Positions that the KV cache can hold beside the weights, with a tenth of the memory left for the rest.
  package var cachePositions: Int {
    let weights = hardware.expertsInHostMemory ? model.totalBytes - expertTotal : model.totalBytes
    let free = 0.9 * Double(hardware.devices) * hardware.memoryCapacity - weights
    return Int(min(max(0, free / (model.cacheBytesPerPosition * Double(model.layers))), 0x1p62))
  }

  private var expertTotal: Double { Double(model.layers * model.experts) * model.expertBytes }

  /// An iteration's account, in which all is modelled; experts in host memory come anew for each pass.
  func account(_ cost: IterationCost) -> Ledger.Entry {
    let isPrefill = cost.expertBytesPrefill > 0
    let experts = Ledger.Phases(decode: cost.expertBytesDecode, prefill: cost.expertBytesPrefill)
    var entry = Ledger.Entry()
    entry.memory[.expert] = experts
    entry.add(cost.denseBytes, .dense, isPrefill: isPrefill)
    entry.add(cost.cacheBytes, .keyValue, isPrefill: isPrefill)
    entry.add(
      max(0, cost.bytes - experts.total - cost.denseBytes - cost.cacheBytes), .activation, isPrefill: isPrefill)
    entry.expertReads = Ledger.Phases(
      decode: experts.decode / model.expertBytes, prefill: experts.prefill / model.expertBytes)
    if hardware.expertsInHostMemory { entry.hostToDevice = experts }
    return entry
  }

  private func layersByWindow(_ layers: Range<Int>) -> [Int?: Int] {
    var counts: [Int?: Int] = [:]
    for layer in layers { counts[model.windows[layer], default: 0] += 1 }
    return counts
  }

  private func add(_ part: IterationCost, times count: Double, to total: inout IterationCost) {
    total.seconds += part.seconds * count
    total.expertSeconds += part.expertSeconds * count
    total.expertBytesDecode += part.expertBytesDecode * count
    total.expertBytesPrefill += part.expertBytesPrefill * count
    total.denseBytes += part.denseBytes * count
    total.cacheBytes += part.cacheBytes * count
    total.bytes += part.bytes * count
    total.operations += part.operations * count
  }

  /// Reading `bytes` while computing `operations`, shared by all devices.
  private func seconds(
    bytes: Double, _ readEfficiency: Double, operations: Double, _ matrixEfficiency: Double
  ) -> Double {
    let devices = Double(hardware.devices)
    let read = bytes / (devices * hardware.memoryBandwidth * readEfficiency)
    let multiply = operations / (devices * hardware.matrixRate * matrixEfficiency)
    return (read * read + multiply * multiply).squareRoot()
  }

  private func layer(_ decode: DecodeLoad, _ tiles: [PrefillTile], window: Int?) -> IterationCost {
    let promptTokens = tiles.reduce(0) { $0 + $1.tokenCount }
    let rows = Double(decode.rows + promptTokens)
    var cost = IterationCost()
    let share = coverage.ofBoth(promptTokens: promptTokens, decodeRows: decode.rows)
    let expertBytes = share * Double(model.experts) * model.expertBytes
    let expertOperations = 2 * rows * Double(model.chosenExperts) * model.expertElements
    cost.expertSeconds = seconds(
      bytes: expertBytes, hardware.expertReadEfficiency, operations: expertOperations, hardware.expertMatrixEfficiency)
    if hardware.expertsInHostMemory {
      cost.expertSeconds = max(cost.expertSeconds, expertBytes / hardware.linkBandwidth)
    }
    if tiles.isEmpty { cost.expertBytesDecode = expertBytes } else { cost.expertBytesPrefill = expertBytes }

    let denseBytes = model.denseElements * model.weightBytes
    let denseOperations = 2 * rows * model.denseElements
    let dense = seconds(
      bytes: denseBytes, hardware.denseReadEfficiency, operations: denseOperations, hardware.denseMatrixEfficiency)
    let attention = attention(decode, tiles, window: window)
    let state = rows * Double(model.hiddenSize) * 2
    let activations = hardware.activationPasses * state
    let devices = Double(hardware.devices)
    // Behind attention and experts each device gets the sum of all parts: a ring moves 2 (n − 1) / n of the state twice.
    let exchange = 2 * state * 2 * (devices - 1) / devices / hardware.interconnectBandwidth
    cost.seconds =
      cost.expertSeconds + dense + attention.seconds + activations / hardware.memoryBandwidth + exchange
      + hardware.layerOverhead
    cost.denseBytes = denseBytes
    cost.cacheBytes = attention.bytes
    cost.bytes = expertBytes + denseBytes + attention.bytes + activations * devices
    cost.operations = expertOperations + denseOperations + attention.operations
    return cost
  }

  /// Decode rows read the cache; prompts multiply, and read what of them is in the cache from chunks before.
  private func attention(_ decode: DecodeLoad, _ tiles: [PrefillTile], window: Int?) -> IterationCost {
    var positions = Double(decode.positions)
    if let window { positions = min(positions, Double(decode.rows * window)) }
    var cost = IterationCost()
    var pairs = 0.0
    for slice in tiles.flatMap(\.slices) {
      pairs += Self.pairs(slice.tokens, window: window)
      positions += Double(min(slice.tokens.lowerBound, window ?? .max))
    }
    cost.bytes = positions * model.cacheBytesPerPosition
    cost.operations = 2 * pairs * model.attentionElements
    let devices = Double(hardware.devices)
    cost.seconds =
      cost.bytes
      / (devices * hardware.memoryBandwidth * (hardware.attentionReadEfficiency ?? hardware.denseReadEfficiency))
      + cost.operations / (devices * hardware.matrixRate * hardware.attentionEfficiency)
    return cost
  }

  /// Σ over tokens of the positions that each looks back on, itself included.
  static func pairs(_ tokens: Range<Int>, window: Int?) -> Double {
    func sum(_ count: Int) -> Double { Double(count) * Double(count + 1) / 2 }
    guard let window, window < tokens.upperBound else { return sum(tokens.upperBound) - sum(tokens.lowerBound) }
    let free = min(max(window, tokens.lowerBound), tokens.upperBound)
    return sum(free) - sum(min(tokens.lowerBound, free)) + Double(tokens.upperBound - free) * Double(window)
  }

  private func head(rows: Int) -> IterationCost {
    guard rows > 0 else { return IterationCost() }
    var cost = IterationCost()
    cost.bytes = model.headElements * model.weightBytes
    cost.denseBytes = cost.bytes
    cost.operations = 2 * Double(rows) * model.headElements
    cost.seconds = seconds(
      bytes: cost.bytes, hardware.denseReadEfficiency, operations: cost.operations, hardware.denseMatrixEfficiency)
    return cost
  }
}
