import TestSupport
import Testing

@testable import OpenCLBackend

struct ExpertResidencyTests {
  private func claim(
    layer: Int, visit: Int = 1, isAhead: Bool = false, value: @escaping (Int, Int) -> Double = { _, _ in 0 }
  ) -> ExpertResidency.Claim {
    ExpertResidency.Claim(layer: layer, visit: visit, isAhead: isAhead, value: value)
  }

  /// A pass of a layer that needs these experts, of those that have slots.
  private func pass(
    _ residency: inout ExpertResidency, layer: Int, _ experts: [Int],
    value: @escaping (Int, Int) -> Double = { _, _ in 0 }
  ) -> Int {
    let numbers = experts.map { layer * residency.expertsPerLayer + $0 }
    let held = numbers.compactMap { residency.slot(of: $0) }
    residency.pin(held)
    let missing = numbers.filter { residency.slot(of: $0) == nil }
    let slots = residency.claim(missing, claim(layer: layer, value: value))
    residency.release(held + slots)
    return missing.count
  }

  @Test func slotsAreGivenUntilNoneIsFree() {
    var residency = ExpertResidency(layerCount: 2, expertsPerLayer: 4, slotCount: 3)
    #expect(residency.claim([0, 1, 2], claim(layer: 0)).count == 3)
    #expect(residency.residentCount == 3)
    // All are pinned: nothing can go.
    #expect(residency.claim([3], claim(layer: 0)).isEmpty)
    #expect(residency.slot(of: 3) == nil && residency.violation == nil)
  }

  @Test func whatIsPinnedStays() {
    var residency = ExpertResidency(layerCount: 1, expertsPerLayer: 6, slotCount: 3)
    let slots = residency.claim([0, 1, 2], claim(layer: 0))
    residency.release(slots)
    residency.pin([slots[0], slots[2]])
    #expect(residency.claim([3, 4], claim(layer: 0)) == [slots[1]])
    #expect(residency.slot(of: 0) == slots[0] && residency.slot(of: 1) == nil && residency.slot(of: 2) == slots[2])
  }

  /// Of equal worth, what is needed farthest ahead goes: behind layer 1 of 4 that is layer 1 itself, but its use may still
  /// run; then layers 0, 3 and 2.
  @Test func theFarthestAheadGoesFirst() {
    var residency = ExpertResidency(layerCount: 4, expertsPerLayer: 4, slotCount: 4)
    for layer in [2, 3, 0, 1] { #expect(pass(&residency, layer: layer, [0]) == 1) }
    var gone: [Int] = []
    for expert in 5...8 {
      #expect(residency.claim([expert == 8 ? 9 : expert], claim(layer: 1)).count == 1)
      gone += (0..<4).filter { !gone.contains($0) && residency.slot(of: $0 * 4) == nil }
    }
    #expect(gone == [0, 3, 2, 1])
  }

  /// A cycle over more than fits: with the farthest ahead evicted a share of the slots is hit in every round (Bélády 1966:
  /// of n things in n − m slots, the optimum misses m of n − 1 … n); least recently used never hits.
  @Test func aCycleHitsWhereLeastRecentlyUsedDoesNot() {
    func misses(_ value: @escaping (Int, Int) -> Double) -> Int {
      var residency = ExpertResidency(layerCount: 10, expertsPerLayer: 1, slotCount: 6)
      var misses = 0
      for round in 0..<20 {
        for layer in 0..<10 {
          let missed = pass(&residency, layer: layer, [0], value: value)
          if round > 0 { misses += missed }
        }
      }
      return misses
    }
    #expect(misses { _, lastPass in Double(lastPass) } == 19 * 10)
    let farthest = misses { _, _ in 0 }
    #expect(farthest >= 19 * 4 && farthest <= 19 * 6)
  }

  @Test func theLeastWorthGoesFirst() {
    var residency = ExpertResidency(layerCount: 1, expertsPerLayer: 8, slotCount: 3)
    let worth = [0.5, 0.1, 0.9, 0.3, 0.2, 0.2, 0.2, 0.2]
    residency.release(residency.claim([0, 1, 2], claim(layer: 0)))
    _ = residency.claim([3], claim(layer: 0) { expert, _ in worth[expert] })
    #expect(residency.slot(of: 1) == nil && residency.slot(of: 0) != nil && residency.slot(of: 2) != nil)
  }

  /// What was fetched ahead is taken only for what is needed before it, the latest first.
  @Test func whatWaitsForItsVisitIsSpared() {
    var residency = ExpertResidency(layerCount: 4, expertsPerLayer: 4, slotCount: 3)
    _ = residency.claim([4], claim(layer: 0, visit: 1, isAhead: true))
    _ = residency.claim([8], claim(layer: 0, visit: 2, isAhead: true))
    _ = residency.claim([12], claim(layer: 0, visit: 3, isAhead: true))
    #expect(residency.aheadCount == 3)
    #expect(residency.claim([13], claim(layer: 0, visit: 3, isAhead: true)).isEmpty)
    #expect(residency.claim([5], claim(layer: 1, visit: 1)).count == 1)
    #expect(residency.slot(of: 12) == nil && residency.slot(of: 4) != nil && residency.aheadCount == 2)
    residency.expire(through: 1)
    #expect(residency.aheadCount == 1 && residency.violation == nil)
  }

  @Test func randomPassesKeepTheBooks() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let (layers, experts) = (Int.random(in: 1...5, using: &random), Int.random(in: 1...9, using: &random))
      var residency = ExpertResidency(
        layerCount: layers, expertsPerLayer: experts, slotCount: Int.random(in: 1...layers * experts, using: &random))
      for visit in 1..<60 {
        let layer = (visit - 1) % layers
        var needed = (0..<experts).filter { _ in Bool.random(using: &random) }.map { layer * experts + $0 }
        while !needed.isEmpty {
          let held = needed.compactMap { residency.slot(of: $0) }
          residency.pin(held)
          let missing = needed.filter { residency.slot(of: $0) == nil }
          let slots = residency.claim(missing, claim(layer: layer, visit: visit))
          #expect(Set(slots).isDisjoint(with: held), "seed \(seed)")
          let present = needed.filter { residency.slot(of: $0) != nil }
          guard !present.isEmpty else {
            Issue.record("no slot for \(needed), seed \(seed)")
            return
          }
          needed.removeAll { present.contains($0) }
          residency.release(present.compactMap { residency.slot(of: $0) })
          if let slot = slots.first, Int.random(in: 0..<9, using: &random) == 0 { residency.vacate(slot) }
        }
        residency.expire(through: visit)
        let next = (layer + 1) % layers
        let ahead = (0..<experts).map { next * experts + $0 }.filter { residency.slot(of: $0) == nil }
        _ = residency.claim(ahead.prefix(2), claim(layer: layer, visit: visit + 1, isAhead: true))
        if let violation = residency.violation { Issue.record("\(violation), seed \(seed)") }
      }
    }
  }
}
