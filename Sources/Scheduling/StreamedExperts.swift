import Foundation

/// A model whose experts do not all fit on the device: what iterations have to bring.
package struct StreamedExperts: Sendable, Equatable {
  /// Layers with experts, experts of a layer, and those that a row meets.
  package var layers: Int
  package var experts: Int
  package var chosen: Int
  /// Experts that the device has room for.
  package var slots: Int

  package init(layers: Int, experts: Int, chosen: Int, slots: Int) {
    self.layers = layers
    self.experts = experts
    self.chosen = chosen
    self.slots = slots
  }

  /// Experts that have to come for a long prompt: all that are not there.
  var promptLoads: Double { Double(max(0, layers * experts - slots)) }

  /// Experts that have to come for an iteration of so many decoding rows while a prompt passes, if each row chooses for
  /// itself: of those that they need the share for which there is no place in the half of the slots that the prompt leaves.
  func decodeLoads(rows: Int) -> Double {
    let distinct = Double(experts) * (1 - pow(1 - Double(chosen) / Double(experts), Double(rows)))
    let needed = distinct * Double(layers)
    return max(0, needed - Double(slots) / 2)
  }

  /// The most layer groups with which a prompt's first token comes no later than `slowdown` times the time that it takes
  /// alone, if loads take all of the time: each group but one adds an iteration in which decoding rows bring their experts
  /// again.
  ///
  /// (G − 1) · decode loads ≤ (slowdown − 1) · prompt loads.
  package func mostGroups(decodeRows: Int, slowdown: Double = 1.25) -> Int {
    let loads = decodeLoads(rows: decodeRows)
    guard loads > 0 else { return .max }
    return 1 + Int(min(1e6, (slowdown - 1) * promptLoads / loads))
  }
}
