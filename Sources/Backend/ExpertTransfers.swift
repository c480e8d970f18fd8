/// Experts' weights that were moved to the device so far, as counted: each copy when it is made.
package struct ExpertTransfers: Sendable, Equatable, Encodable {
  /// Bytes over the link, [layers][phases]; none where the device shares the host's memory and everything fits.
  package var hostToDevice: [[Int]]
  /// Bytes read from the checkpoint, [layers][phases].
  package var diskToHost: [[Int]]
  /// Experts that came, [layers][phases].
  package var loads: [[Int]]
  /// Experts that came at least once, by layer.
  package var distinct: [Int] = []
  /// By phase: experts that passes needed, and of these the ones that were there or on their way.
  package var needed = [0, 0]
  package var hits = [0, 0]
  /// Experts that the device has room for, and those of the model.
  package var slots = 0
  package var experts = 0
  /// Seconds that copies took; of copies that the device makes by itself, queueing them.
  package var linkSeconds = 0.0

  package init(layerCount: Int = 0) {
    hostToDevice = Array(repeating: [0, 0], count: layerCount)
    diskToHost = hostToDevice
    loads = hostToDevice
  }

  package func hostToDevice(_ phase: Phase) -> Int { hostToDevice.reduce(0) { $0 + $1[phase.rawValue] } }
  package func loads(_ phase: Phase) -> Int { loads.reduce(0) { $0 + $1[phase.rawValue] } }

  /// Loads over distinct experts: how often the average expert came.
  package var reloadFactor: Double? {
    let all = distinct.reduce(0, +)
    return all > 0 ? Double(loads.joined().reduce(0, +)) / Double(all) : nil
  }

  /// The share of needed experts that were there or on their way; nil if none was needed.
  package func hitRate(_ phase: Phase) -> Double? {
    needed[phase.rawValue] > 0 ? Double(hits[phase.rawValue]) / Double(needed[phase.rawValue]) : nil
  }

  package static func - (after: ExpertTransfers, before: ExpertTransfers) -> ExpertTransfers {
    var change = after
    func subtract(_ path: WritableKeyPath<ExpertTransfers, [[Int]]>) {
      change[keyPath: path] = zip(after[keyPath: path], before[keyPath: path]).map { zip($0, $1).map { $0 - $1 } }
    }
    guard before.loads.count == after.loads.count else { return after }
    subtract(\.hostToDevice)
    subtract(\.diskToHost)
    subtract(\.loads)
    change.needed = zip(after.needed, before.needed).map { $0 - $1 }
    change.hits = zip(after.hits, before.hits).map { $0 - $1 }
    change.linkSeconds = after.linkSeconds - before.linkSeconds
    return change
  }
}
