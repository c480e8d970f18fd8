import Backend
import Scheduling

extension Ledger {
  /// The account of an engine.
  ///
  /// - Parameters:
  ///   - traffic: modelled bytes but for experts.
  ///   - loads: experts that passes read, by layer.
  ///   - expertBytes: of one expert of each layer.
  ///   - transfers: experts that were moved.
  init(
    traffic: MemoryTraffic, loads: [ExpertLoads], expertBytes: [Int], transfers: ExpertTransfers
  ) {
    self.init()
    outside = traffic.outside
    layers = traffic.layers
    for (layer, load) in loads.enumerated() where layers.indices.contains(layer) {
      layers[layer].expertReads = Phases(decode: Double(load.decode), prefill: Double(load.prefill))
      layers[layer].add(Double(load.decode * expertBytes[layer]), .expert, isPrefill: false)
      layers[layer].add(Double(load.prefill * expertBytes[layer]), .expert, isPrefill: true)
    }
    for layer in transfers.loads.indices where layers.indices.contains(layer) {
      layers[layer].hostToDevice = Phases(transfers.hostToDevice[layer])
      layers[layer].diskToHost = Phases(transfers.diskToHost[layer])
      layers[layer].expertTransfers = Phases(transfers.loads[layer])
    }
    needed = Phases(transfers.needed)
    hits = Phases(transfers.hits)
    slots = transfers.slots
    experts = transfers.experts
  }

  /// For a person: what came over the link and how often experts were there; nil if all have places of their own.
  package var linkSummary: String? {
    guard slots < experts else { return nil }
    func rate(_ isPrefill: Bool) -> String {
      hitRate(isPrefill: isPrefill).map { fixed($0 * 100, 1) + " %" } ?? "none needed"
    }
    let total = total
    var line =
      "\(slots) of \(experts) experts fit on the device; copied to it: \(readable(Int(total.hostToDevice.prefill))) in prefill, "
      + "\(readable(Int(total.hostToDevice.decode))) in decode; there when needed: \(rate(true)) in prefill, "
      + "\(rate(false)) in decode"
    if let reloadFactor { line += "; reload factor \(fixed(reloadFactor, 2))" }
    return line
  }
}

extension Ledger.Phases {
  /// Of a count for each `Phase`.
  fileprivate init(_ counts: [Int]) {
    self.init(decode: Double(counts[Phase.decode.rawValue]), prefill: Double(counts[Phase.prefill.rawValue]))
  }
}
