import Backend
import OpenCL

/// All experts of a model: which lie on the device, and what brings the others in time.
///
/// If all fit, each has its own slot, and comes when it is first needed or when nothing else does. If not, slots are shared:
/// a pass claims slots for what it needs and lacks, in waves if there are too few, and fetches ahead for layers that
/// prompts are about to reach. Used by the thread that owns the backend.
final class ExpertStore {
  /// Layers whose experts have the same size, and the slots that they share.
  final class Shelf {
    let pool: ExpertPool
    var residency: ExpertResidency
    var scores: ExpertScores
    /// For each slot the transfer that fills it, until it was waited for.
    var transfers: [ExpertTransfer?]
    /// For each slot the end of its last use.
    var lastUses: [SharedEvent?]

    init(pool: ExpertPool, layerCount: Int, expertCount: Int) {
      self.pool = pool
      residency = ExpertResidency(layerCount: layerCount, expertsPerLayer: expertCount, slotCount: pool.slotCount)
      scores = ExpertScores(layerCount: layerCount, expertsPerLayer: expertCount, slotCount: pool.slotCount)
      transfers = Array(repeating: nil, count: pool.slotCount)
      lastUses = Array(repeating: nil, count: pool.slotCount)
    }
  }

  /// One layer's experts.
  final class Layer {
    let weights: ExpertTransfer.Weights
    let shelfKey: ExpertPool.SlotSize
    /// Its number among the layers of its shelf.
    let index: Int
    /// Where its experts lie, as last sent to the device.
    var places: (values: [Int32], buffer: DeviceBuffer)?
    /// Where its experts lie for good, once all have come.
    var home: Home?

    init(weights: ExpertTransfer.Weights, shelfKey: ExpertPool.SlotSize, index: Int) {
      self.weights = weights
      self.shelfKey = shelfKey
      self.index = index
    }

    var expertCount: Int { weights.source.expertCount }
    var layer: Int { weights.source.layer }
  }

  /// By phase, how many experts passes needed, and how many of them were there or on their way.
  struct Usage {
    var needed = [0, 0]
    var hits = [0, 0]
    /// Experts of a row.
    var chosen = 1
  }

  /// The segments of a layer whose experts all lie in slots of their own, in their order from `firstSlot` on.
  struct Home {
    /// Each expert's place, counted from the first: its number.
    let places: DeviceBuffer
    let segments: [ExpertPool.Segment]
    let firstSlot: Int
  }

  let options: ExpertMemory
  private let plan: DevicePlan
  let context: DeviceContext
  private let isShared: Bool
  var layers: [Layer] = []
  var shelves: [ExpertPool.SlotSize: Shelf] = [:]
  var streamer: ExpertStreamer?
  /// Whether each transfer is recorded; set before `open`.
  var isRecording = false
  private(set) var fitsAll = true
  var forecast = IterationForecast(prefillRows: [], nextPrefillRows: [])
  /// Layers visited so far, of all iterations.
  var visits = 0
  var lastLayer = -1
  var usage = Usage()
  var shuffle: UInt64 = 0

  /// Waits until no kernel uses the slots.
  private let drain: () -> Void

  init(_ options: ExpertMemory, plan: DevicePlan, context: DeviceContext, drain: @escaping () -> Void) {
    self.drain = drain
    self.options = options
    self.plan = plan
    self.context = context
    isShared = plan.mapsWeights && context.context.device.sharesFineGrainedMemory
  }

  deinit {
    streamer?.stop()
    drain()
  }

  /// Whether its memory is divided, so that no layer can be added.
  private(set) var isOpen = false

  func add(_ source: ExpertsSource, gateUp: WeightLayout, down: WeightLayout) -> Layer {
    let key = ExpertPool.SlotSize(
      gateUp: gateUp.unitsPerExpert * gateUp.unitBytes, down: down.unitsPerExpert * down.unitBytes)
    let layer = Layer(
      weights: ExpertTransfer.Weights(
        source: source, gateUp: gateUp, down: down, firstNumber: layers.reduce(0) { $0 + $1.expertCount }),
      shelfKey: key, index: layers.count { $0.shelfKey == key })
    layers.append(layer)
    return layer
  }

  // MARK: Setting up

  /// Divides the memory, and begins to fill it if everything fits.
  /// - Throws: if the device cannot hold what it has to; the error says how much was wanted and for what.
  func open() throws {
    guard !isOpen, let last = layers.last else { return }
    isOpen = true
    let total = layers.reduce(0) { $0 + $1.expertCount * $1.shelfKey.total }
    let left = options.budget.map { $0 - options.reserve - context.context.ledger.liveBytes }
    fitsAll = options.hostLayers == 0 && left.map { $0 >= total } ?? true
    for (key, own) in Dictionary(grouping: layers, by: \.shelfKey) {
      let count = own.reduce(0) { $0 + $1.expertCount }
      let runs = fitsAll ? own.map(\.expertCount) : [try slots(key, own, left)]
      let source = own[0].weights.source
      let pool = try ExpertPool(
        key, runs: runs, labels: (source.gateUp.label, source.down.label), maxAllocation: plan.maxAllocation,
        isShared: isShared, context.context)
      precondition(!fitsAll || pool.slotCount == count)
      let shelf = Shelf(pool: pool, layerCount: own.count, expertCount: own[0].expertCount)
      for layer in own { seed(shelf, layer) }
      shelves[key] = shelf
    }
    let largest = layers.map(\.shelfKey.total).max() ?? 0
    let streamer = try ExpertStreamer(
      context, layers: last.layer + 1, host: fitsAll ? nil : hostExperts(total),
      stagingBytes: isShared ? 0 : largest, isInPlace: isShared && fitsAll, linkBandwidth: options.linkBandwidth)
    streamer.record(isRecording)
    streamer.start()
    self.streamer = streamer
    if fitsAll { fill() }
  }

  /// The transfers since the last call, if they are recorded.
  func takeTransfers() -> [TransferRecord] { streamer?.takeRecords() ?? [] }

  private func hostExperts(_ total: Int) -> HostExperts {
    let capacity = options.hostBytes ?? HostExperts.availableBytes / 2
    return HostExperts(context, capacity: min(total, capacity), isPinned: !isShared)
  }

  /// Slots for the layers of a shelf, if `left` bytes are for all experts: one, and a share of the rest by their bytes; at
  /// most what is of use.
  private func slots(_ key: ExpertPool.SlotSize, _ own: [Layer], _ left: Int?) throws(BackendError) -> Int {
    let count = own.reduce(0) { $0 + $1.expertCount }
    let kept = own.filter { $0.layer >= options.hostLayers }.reduce(0) { $0 + $1.expertCount }
    // Layers that keep nothing still need room to pass: for two of them, so that one can come while the other runs.
    let useful = kept == count ? count : min(count, kept + 2 * own[0].expertCount)
    guard let left else { return useful }
    let least = Set(layers.map(\.shelfKey)).reduce(0) { $0 + $1.total }
    guard left >= least else {
      throw BackendError(
        "experts: \(max(left, 0)) bytes of device memory are left for them, expected at least \(least), room for one")
    }
    let share = Double(count * key.total) / Double(layers.reduce(0) { $0 + $1.expertCount * $1.shelfKey.total })
    return min(useful, 1 + Int(Double(left - least) * share) / key.total)
  }

  private func seed(_ shelf: Shelf, _ layer: Layer) {
    guard let popularity = options.popularity, popularity.indices.contains(layer.layer) else { return }
    shelf.scores.seed(layer: layer.index, popularity[layer.layer])
  }

  /// Gives each expert its own slot, and lets all come in the order of the layers.
  private func fill() {
    var transfers: [ExpertTransfer] = []
    for layer in layers {
      guard let shelf = shelves[layer.shelfKey] else { continue }
      let first = layer.index * layer.expertCount
      for expert in 0..<layer.expertCount {
        shelf.residency.settle(first + expert)
        transfers.append(transfer(layer, expert, to: first + expert, shelf, .prefill, isAhead: true))
      }
    }
    streamer?.add(transfers)
  }

  /// Waits until every expert that has a slot of its own is in it.
  func finishLoading() throws {
    try open()
    guard fitsAll else { return }
    for layer in layers { try settle(layer) }
  }

  func settle(_ layer: Layer) throws {
    guard layer.home == nil, let shelf = shelves[layer.shelfKey] else { return }
    let first = layer.index * layer.expertCount
    let slots = Array(first..<first + layer.expertCount)
    for event in try arrivals(shelf, slots) { try event.wait() }
    layer.home = Home(
      places: try buffer((0..<Int32(layer.expertCount)).map(\.self), layer), segments: segments(shelf, slots),
      firstSlot: first)
  }

  func transfer(
    _ layer: Layer, _ expert: Int, to slot: Int, _ shelf: Shelf, _ phase: Phase, isAhead: Bool
  ) -> ExpertTransfer {
    let (segment, index) = shelf.pool.locate(slot)
    // What was on its way to the slot is not wanted any more.
    if let old = shelf.transfers[slot] { streamer?.cancel(old) }
    let target = ExpertTransfer.Target(
      gateUp: segment.gateUp, down: segment.down, index: index, size: shelf.pool.size)
    let transfer = ExpertTransfer(
      layer.weights, expert: expert, to: target, phase: phase, isAhead: isAhead, after: shelf.lastUses[slot])
    shelf.transfers[slot] = transfer
    return transfer
  }

  // MARK: Counts

  func count(_ needed: [Int], of layer: Layer, _ shelf: Shelf, _ phase: Phase) {
    let first = layer.index * layer.expertCount
    let hits = needed.count { expert in
      guard let slot = shelf.residency.slot(of: first + expert) else { return false }
      return !fitsAll || streamer?.areOver([shelf.transfers[slot]].compactMap(\.self)) == true
    }
    usage.needed[phase.rawValue] += needed.count
    usage.hits[phase.rawValue] += hits
  }

  /// What was moved so far, and how often experts were there when they were needed.
  var transfers: ExpertTransfers {
    guard let streamer else { return ExpertTransfers() }
    var transfers = streamer.counts
    transfers.needed = usage.needed
    transfers.hits = usage.hits
    transfers.slots = shelves.values.reduce(0) { $0 + $1.pool.slotCount }
    transfers.experts = layers.reduce(0) { $0 + $1.expertCount }
    return transfers
  }
}
