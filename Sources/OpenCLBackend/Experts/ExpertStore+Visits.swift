import Backend
import OpenCL

// The passes of layers.
extension ExpertStore {
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
  static let rowsPerExpert = 16

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
  func arrivals(_ shelf: Shelf, _ slots: [Int]) throws -> [SharedEvent] {
    let transfers = slots.compactMap { shelf.transfers[$0] }
    guard !transfers.isEmpty, let streamer else { return [] }
    streamer.hurry(transfers)
    let events = try streamer.wait(for: transfers)
    // Of a copy that is not over yet it is not known whether it comes.
    for slot in slots where streamer.areOver([shelf.transfers[slot]].compactMap(\.self)) { shelf.transfers[slot] = nil }
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
  func buffer(_ places: [Int32], _ layer: Layer) throws -> DeviceBuffer {
    if let known = layer.places, known.values == places { return known.buffer }
    let buffer = try places.withUnsafeBytes {
      try DeviceBuffer(Buffer(context.context, copying: $0, label: "places of experts"))
    }
    layer.places = (places, buffer)
    return buffer
  }

  func segments(_ shelf: Shelf, _ slots: [Int]) -> [ExpertPool.Segment] {
    shelf.pool.segments.filter { segment in slots.contains { segment.slots.contains($0) } }
  }
}
