import Backend
import OpenCL

/// All experts of a model: which lie on the device, and what brings the others in time.
///
/// If all fit, each has its own slot, and comes when it is first needed or when nothing else does. If not, slots are shared:
/// a pass claims slots for what it needs and lacks, in waves if there are too few, and fetches ahead for layers that
/// prompts are about to reach. Used by the thread that owns the backend.
final class ExpertStore {
  /// Layers whose experts have the same size, and the slots that they share.
  private final class Shelf {
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
    fileprivate let shelfKey: ExpertPool.SlotSize
    /// Its number among the layers of its shelf.
    fileprivate let index: Int
    /// Where its experts lie, as last sent to the device.
    fileprivate var places: (values: [Int32], buffer: DeviceBuffer)?
    /// Where its experts lie for good, once all have come.
    fileprivate(set) var home: Home?

    fileprivate init(weights: ExpertTransfer.Weights, shelfKey: ExpertPool.SlotSize, index: Int) {
      self.weights = weights
      self.shelfKey = shelfKey
      self.index = index
    }

    var expertCount: Int { weights.source.expertCount }
    var layer: Int { weights.source.layer }
  }

  /// By phase, how many experts passes needed, and how many of them were there or on their way.
  private struct Usage {
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

  private let options: ExpertMemory
  private let plan: DevicePlan
  private let context: DeviceContext
  private let isShared: Bool
  private var layers: [Layer] = []
  private var shelves: [ExpertPool.SlotSize: Shelf] = [:]
  private var streamer: ExpertStreamer?
  /// Whether each transfer is recorded; set before `open`.
  var isRecording = false
  private(set) var fitsAll = true
  private var forecast = IterationForecast(prefillRows: [], nextPrefillRows: [])
  /// Layers visited so far, of all iterations.
  private var visits = 0
  private var lastLayer = -1
  private var usage = Usage()
  private var shuffle: UInt64 = 0

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

  private func settle(_ layer: Layer) throws {
    guard layer.home == nil, let shelf = shelves[layer.shelfKey] else { return }
    let first = layer.index * layer.expertCount
    let slots = Array(first..<first + layer.expertCount)
    for event in try arrivals(shelf, slots) { try event.wait() }
    layer.home = Home(
      places: try buffer((0..<Int32(layer.expertCount)).map(\.self), layer), segments: segments(shelf, slots),
      firstSlot: first)
  }

  private func transfer(
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

  // MARK: Visits

  /// Which of a layer's experts a pass needs.
  enum Need {
    case all
    /// In ascending order.
    case some([Int])
  }

  /// Where a layer's experts lie, if all are there for good, so that nothing has to be asked or moved.
  func home(of layer: Layer) throws -> Home? {
    if let home = layer.home { return home }
    try open()
    guard fitsAll, let shelf = shelves[layer.shelfKey], let streamer else { return nil }
    let first = layer.index * layer.expertCount
    guard streamer.areOver((first..<first + layer.expertCount).compactMap { shelf.transfers[$0] }) else { return nil }
    try settle(layer)
    return layer.home
  }

  /// Whether a pass of so many prompt rows should bring whole layers, before the router has run.
  func bringsWholeLayers(_ layer: Layer, rows: Int, chosen: Int) -> Bool {
    options.prefetches && rows * chosen >= Self.rowsPerExpert * layer.expertCount
  }

  /// Rows an expert on average from which nearly every expert has some.
  private static let rowsPerExpert = 16

  func expect(_ forecast: IterationForecast) { self.forecast = forecast }

  /// One pass of a layer: calls `body` for each wave with the places of its experts, −1 for those of other waves, and the
  /// segments that hold them.
  func visit(
    _ layer: Layer, need: Need, phase: Phase, chosen: Int, queue: borrowing Queue,
    _ body: (DeviceBuffer, [ExpertPool.Segment]) throws -> Void
  ) throws {
    guard let shelf = shelves[layer.shelfKey], let streamer else {
      throw BackendError("layer \(layer.layer): there is no memory for its experts")
    }
    visits += 1
    lastLayer = layer.layer
    let (needed, isWhole) =
      switch need {
      case .all: (Array(0..<layer.expertCount), true)
      case .some(let experts): (experts, false)
      }
    if phase == .decode, !fitsAll { shelf.scores.observe(layer: layer.index, used: needed) }
    usage.chosen = chosen
    count(needed, of: layer, shelf, phase)
    var open = needed
    repeat {
      let wave = try wave(of: &open, layer, shelf, phase, isWhole: isWhole)
      let slots = wave.map(\.slot)
      do {
        try queue.hold(until: try arrivals(shelf, slots))
        var places = [Int32](repeating: -1, count: layer.expertCount)
        for (expert, slot) in wave { places[expert] = Int32(slot) }
        try body(try buffer(places, layer), segments(shelf, slots))
        if !fitsAll {
          let end = try queue.mark("experts of layer \(layer.layer)")
          try queue.flush()
          for slot in slots { shelf.lastUses[slot] = end }
        }
      } catch {
        abandon(shelf, slots)
        throw error
      }
      if !fitsAll { shelf.residency.release(slots) }
    } while !open.isEmpty
    if !fitsAll {
      shelf.residency.expire(through: visits)
      fetchAhead(behind: layer, chosen: chosen, streamer)
    }
  }

  /// The next experts of `open` that can run together: those on the device, and others for which there are slots.
  ///
  /// A whole layer comes in waves of a quarter of the slots: while one runs another is copied, and most of what decoding
  /// rows use stays where it is.
  private func wave(
    of open: inout [Int], _ layer: Layer, _ shelf: Shelf, _ phase: Phase, isWhole: Bool
  ) throws -> [(expert: Int, slot: Int)] {
    let first = layer.index * layer.expertCount
    let slotCount = shelf.residency.slotCount
    let quarter = max(1, slotCount / 4)
    let held = open.compactMap { expert in shelf.residency.slot(of: first + expert).map { (expert, $0) } }
    var wave = fitsAll || !isWhole ? held : Array(held.prefix(quarter))
    streamer?.hurry(wave.compactMap { shelf.transfers[$0.1] })
    guard !fitsAll else {
      open = []
      return wave
    }
    shelf.residency.pin(wave.map(\.1))
    if wave.count == held.count {
      let missing = open.filter { shelf.residency.slot(of: first + $0) == nil }
      let fits = missing.count <= slotCount - wave.count
      let most = isWhole ? quarter - wave.count : fits ? missing.count : slotCount / 2
      let some = missing.prefix(max(most, wave.isEmpty ? 1 : 0))
      let slots = shelf.residency.claim(
        some.map { first + $0 },
        ExpertResidency.Claim(layer: layer.index, visit: visits, isAhead: false, value: value(shelf)))
      let claimed = Array(zip(some, slots))
      streamer?.add(claimed.map { transfer(layer, $0.0, to: $0.1, shelf, phase, isAhead: false) })
      wave += claimed
    }
    let done = Set(wave.map(\.0))
    open.removeAll { done.contains($0) }
    guard !wave.isEmpty else { throw BackendError("layer \(layer.layer): no slot is free for its experts") }
    return wave
  }

  /// Waits until the transfers to these slots are queued.
  private func arrivals(_ shelf: Shelf, _ slots: [Int]) throws -> [SharedEvent] {
    let transfers = slots.compactMap { shelf.transfers[$0] }
    guard !transfers.isEmpty, let streamer else { return [] }
    streamer.hurry(transfers)
    let events = try streamer.wait(for: transfers)
    for slot in slots { shelf.transfers[slot] = nil }
    return events
  }

  /// Takes back slots whose experts did not come; they can be tried again.
  private func abandon(_ shelf: Shelf, _ slots: [Int]) {
    guard !fitsAll else { return }
    for slot in slots where streamer?.hasFailed(shelf.transfers[slot]) == true {
      shelf.transfers[slot] = nil
      shelf.residency.vacate(slot)
    }
    shelf.residency.release(slots)
  }

  /// The places on the device, sent again only if they are others.
  private func buffer(_ places: [Int32], _ layer: Layer) throws -> DeviceBuffer {
    if let known = layer.places, known.values == places { return known.buffer }
    let buffer = try places.withUnsafeBytes {
      try DeviceBuffer(Buffer(context.context, copying: $0, label: "places of experts"))
    }
    layer.places = (places, buffer)
    return buffer
  }

  private func segments(_ shelf: Shelf, _ slots: [Int]) -> [ExpertPool.Segment] {
    shelf.pool.segments.filter { segment in slots.contains { segment.slots.contains($0) } }
  }

  // MARK: What stays, and what comes ahead

  /// How probable it is that an expert of this shelf is needed when its layer is visited next.
  private func value(_ shelf: Shelf) -> (_ expert: Int, _ lastPass: Int) -> Double {
    let own = layers.filter { shelves[$0.shelfKey] === shelf }
    let expected = own.map { layer -> Double in
      if layer.layer < options.hostLayers { return -1 }
      let rows = layer.layer > lastLayer ? forecast.prefillRows : forecast.nextPrefillRows
      let count = rows.indices.contains(layer.layer) ? rows[layer.layer] : 0
      return min(1, Double(count) / Double(Self.rowsPerExpert * layer.expertCount) * Double(usage.chosen))
    }
    let perLayer = shelf.residency.expertsPerLayer
    let retention = options.retention
    shuffle &+= 1
    let turn = shuffle
    return { expert, lastPass in
      switch retention {
      case .lru: return Double(lastPass)
      case .random: return Double((UInt64(expert) &* 0x9E37_79B9_7F4A_7C15 ^ turn &* 0xBF58_476D_1CE4_E5B9) >> 11)
      case .auto, .frequency, .recency:
        let layer = expected[expert / perLayer]
        return layer < 0 ? -1 : max(layer, shelf.scores.score(expert, retention))
      }
    }
  }

  /// Asks for the experts of the layers that prompts reach next, whole layers, as far as slots are of little use.
  private func fetchAhead(behind layer: Layer, chosen: Int, _ streamer: ExpertStreamer) {
    guard options.prefetches, options.retention != .random else { return }
    let behind = layers.firstIndex { $0 === layer } ?? 0
    let order = layers[(behind + 1)...] + layers[...behind]
    for (offset, next) in order.enumerated() {
      let rows = next.layer > layer.layer ? forecast.prefillRows : forecast.nextPrefillRows
      guard rows.indices.contains(next.layer), let shelf = shelves[next.shelfKey],
        bringsWholeLayers(next, rows: rows[next.layer], chosen: chosen)
      else { continue }
      let room = shelf.residency.slotCount / 2 - shelf.residency.aheadCount
      guard room > 0 else { return }
      let first = next.index * next.expertCount
      let missing = (0..<next.expertCount).filter { shelf.residency.slot(of: first + $0) == nil }
      let some = missing.prefix(room)
      let slots = shelf.residency.claim(
        some.map { first + $0 },
        ExpertResidency.Claim(
          layer: layer.index, visit: visits + offset + 1, isAhead: true, value: value(shelf)))
      streamer.add(zip(some, slots).map { transfer(next, $0, to: $1, shelf, .prefill, isAhead: true) })
      guard slots.count == missing.count else { return }
    }
  }

  // MARK: Counts

  private func count(_ needed: [Int], of layer: Layer, _ shelf: Shelf, _ phase: Phase) {
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
