/// Which experts have a slot on the device, and which loses it when another has to come. A pure value: it moves no bytes.
///
/// Experts are numbered through the layers: expert e of the l-th layer is l · expertsPerLayer + e. Layers are visited in a
/// cycle.
struct ExpertResidency {
  private struct Slot {
    var expert = -1
    var isPinned = false
    /// The visit for which its expert was fetched ahead; nil once that is over, or if there was none.
    var neededAt: Int?
    /// The last pass that used it.
    var lastPass = 0
  }

  let layerCount: Int
  let expertsPerLayer: Int
  private var slots: [Slot]
  private var free: [Int]
  private var places: [Int32]
  /// Slots whose expert waits for its visit.
  private(set) var aheadCount = 0
  private var pass = 0

  init(layerCount: Int, expertsPerLayer: Int, slotCount: Int) {
    self.layerCount = layerCount
    self.expertsPerLayer = expertsPerLayer
    slots = Array(repeating: Slot(), count: slotCount)
    free = Array((0..<slotCount).reversed())
    places = Array(repeating: -1, count: layerCount * expertsPerLayer)
  }

  var slotCount: Int { slots.count }
  var residentCount: Int { slots.count - free.count }

  /// The slot of an expert, resident or on its way.
  func slot(of expert: Int) -> Int? { places[expert] >= 0 ? Int(places[expert]) : nil }

  /// The slots of a layer's experts, −1 for none.
  func places(layer: Int) -> ArraySlice<Int32> {
    places[layer * expertsPerLayer..<(layer + 1) * expertsPerLayer]
  }

  /// Whether a slot's expert was fetched ahead for a visit that has not come.
  func isAhead(_ slot: Int) -> Bool { slots[slot].neededAt != nil }

  /// Gives an expert the slot with its number; for a pool that has one for each.
  mutating func settle(_ expert: Int) {
    slots[expert].expert = expert
    places[expert] = Int32(expert)
    free = []
  }

  /// What a claimant may evict, and how candidates compare.
  struct Claim {
    /// The layer whose experts want slots, or that was visited last.
    var layer: Int
    /// The visit for which they are wanted.
    var visit: Int
    /// A claim ahead of its visit leaves alone what others wait for.
    var isAhead: Bool
    /// How much an expert is worth keeping, given the last pass that used its slot; the least worth goes first.
    var value: (_ expert: Int, _ lastPass: Int) -> Double
  }

  /// Slots for these experts, which have none: free ones, then of the experts that are least likely to be needed soon; of
  /// equals the one whose layer comes last.
  ///
  /// - Returns: one slot for each expert from the first on, as far as there are any: pinned ones are never taken.
  mutating func claim(_ experts: some Collection<Int>, _ claim: Claim) -> [Int] {
    var claimed: [Int] = []
    while claimed.count < experts.count, let slot = free.popLast() { claimed.append(slot) }
    if claimed.count < experts.count {
      claimed += victims(experts.count - claimed.count, claim)
    }
    for (expert, slot) in zip(experts, claimed) {
      if slots[slot].expert >= 0 { places[slots[slot].expert] = -1 }
      if slots[slot].neededAt != nil { aheadCount -= 1 }
      slots[slot] = Slot(
        expert: expert, isPinned: !claim.isAhead, neededAt: claim.isAhead ? claim.visit : nil,
        lastPass: slots[slot].lastPass)
      if claim.isAhead { aheadCount += 1 }
      places[expert] = Int32(slot)
    }
    return claimed
  }

  /// What makes a slot's expert go earlier than another's, most important first.
  private struct Rank: Comparable {
    var slot: Int
    /// Nothing waits for it: 0; else the later its visit, the lower.
    var urgency: Int
    var value: Double
    /// Its last use may still run.
    var isBusy: Bool
    /// Layers until its own comes again.
    var distance: Int
    var lastPass: Int

    static func < (a: Rank, b: Rank) -> Bool {
      if a.urgency != b.urgency { return a.urgency < b.urgency }
      if a.value != b.value { return a.value < b.value }
      if a.isBusy != b.isBusy { return b.isBusy }
      if a.distance != b.distance { return a.distance > b.distance }
      return (a.lastPass, a.slot) < (b.lastPass, b.slot)
    }
  }

  private func victims(_ count: Int, _ claim: Claim) -> [Int] {
    var ranks: [Rank] = []
    for (index, slot) in slots.enumerated() where !slot.isPinned && slot.expert >= 0 {
      if claim.isAhead, slot.neededAt != nil { continue }
      let layer = slot.expert / expertsPerLayer
      let ahead = (layer - claim.layer + layerCount) % layerCount
      ranks.append(
        Rank(
          slot: index, urgency: slot.neededAt.map { Int.max - $0 } ?? 0, value: claim.value(slot.expert, slot.lastPass),
          isBusy: slot.lastPass == pass && pass > 0, distance: ahead == 0 ? layerCount : ahead,
          lastPass: slot.lastPass))
    }
    if count == 1 { return ranks.min().map { [$0.slot] } ?? [] }
    ranks.sort()
    return ranks.prefix(count).map(\.slot)
  }

  /// Keeps these slots until they are released: they are needed in the running pass.
  mutating func pin(_ pinned: some Swift.Sequence<Int>) {
    for slot in pinned {
      if slots[slot].neededAt != nil { aheadCount -= 1 }
      slots[slot].isPinned = true
      slots[slot].neededAt = nil
    }
  }

  /// Ends a pass that used these slots.
  mutating func release(_ used: some Swift.Sequence<Int>) {
    pass += 1
    for slot in used {
      slots[slot].isPinned = false
      slots[slot].lastPass = pass
    }
  }

  /// Forgets that experts were fetched for visits up to this one, which is over.
  mutating func expire(through visit: Int) {
    for index in slots.indices where slots[index].neededAt.map({ $0 <= visit }) == true {
      slots[index].neededAt = nil
      aheadCount -= 1
    }
  }

  /// Empties a slot whose expert could not be brought.
  mutating func vacate(_ slot: Int) {
    guard slots[slot].expert >= 0 else { return }
    places[slots[slot].expert] = -1
    if slots[slot].neededAt != nil { aheadCount -= 1 }
    slots[slot] = Slot()
    free.append(slot)
  }

  /// What must always hold; nil if it does.
  var violation: String? {
    var seen = 0
    for (index, slot) in slots.enumerated() where slot.expert >= 0 {
      seen += 1
      if places[slot.expert] != Int32(index) { return "slot \(index) has expert \(slot.expert), which has another" }
    }
    if places.count(where: { $0 >= 0 }) != seen { return "an expert has a slot that holds another" }
    if seen + free.count != slots.count { return "\(slots.count - seen) slots are empty, \(free.count) are free" }
    if slots.count(where: { $0.neededAt != nil }) != aheadCount { return "the count of slots ahead is wrong" }
    return nil
  }
}
