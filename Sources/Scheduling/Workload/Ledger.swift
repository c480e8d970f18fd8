/// Bytes by what they are, which way they went, in which phase, and at which layer: the one account that every report reads.
///
/// Two kinds of figures stay apart. What device memory gave to compute is *modelled*: derived from the rows that passed and
/// from what routers chose, each weight once a pass. What crossed the link or came from disk is *counted* when it is copied.
package struct Ledger: Sendable, Equatable {
  /// What bytes are.
  package enum Kind: String, Sendable, CaseIterable, Encodable {
    case expert
    case dense
    case keyValue
    case activation
    case carry
  }

  /// A figure by phase: at layers with decode rows only, and inside prefill tiles, with the decode rows that share them.
  package struct Phases: Sendable, Equatable, Encodable {
    package var decode: Double
    package var prefill: Double

    package init(decode: Double = 0, prefill: Double = 0) {
      self.decode = decode
      self.prefill = prefill
    }

    package var total: Double { decode + prefill }

    package subscript(isPrefill: Bool) -> Double {
      get { isPrefill ? prefill : decode }
      set { if isPrefill { prefill = newValue } else { decode = newValue } }
    }

    package static func += (sum: inout Phases, other: Phases) {
      sum.decode += other.decode
      sum.prefill += other.prefill
    }

    package static func - (after: Phases, before: Phases) -> Phases {
      Phases(decode: after.decode - before.decode, prefill: after.prefill - before.prefill)
    }
  }

  /// The account of a layer, or of what lies outside of layers.
  package struct Entry: Sendable, Equatable {
    /// Modelled: bytes between device memory and compute, by kind.
    package var memory: [Kind: Phases] = [:]
    /// Modelled: experts that passes read, each once a pass.
    package var expertReads = Phases()
    /// Counted: bytes of experts over the link, and from the checkpoint.
    package var hostToDevice = Phases()
    package var diskToHost = Phases()
    /// Counted: experts that came to the device.
    package var expertTransfers = Phases()

    package init() {}

    package mutating func add(_ bytes: Double, _ kind: Kind, isPrefill: Bool) {
      memory[kind, default: Phases()][isPrefill] += bytes
    }

    package static func += (sum: inout Entry, other: Entry) {
      for (kind, phases) in other.memory { sum.memory[kind, default: Phases()] += phases }
      sum.expertReads += other.expertReads
      sum.hostToDevice += other.hostToDevice
      sum.diskToHost += other.diskToHost
      sum.expertTransfers += other.expertTransfers
    }

    package static func - (after: Entry, before: Entry) -> Entry {
      var change = after
      for (kind, phases) in before.memory { change.memory[kind] = (after.memory[kind] ?? Phases()) - phases }
      change.expertReads = after.expertReads - before.expertReads
      change.hostToDevice = after.hostToDevice - before.hostToDevice
      change.diskToHost = after.diskToHost - before.diskToHost
      change.expertTransfers = after.expertTransfers - before.expertTransfers
      return change
    }
  }

  /// Embedding, head, and what moves between iterations.
  package var outside = Entry()
  /// Empty where only sums are known.
  package var layers: [Entry] = []
  /// Different experts that passes read, and that came to the device, by layer, while this account was kept.
  package var distinctReads: [Int] = []
  package var distinctTransfers: [Int] = []
  /// Experts that passes needed, and of these the ones that were on the device or on their way; both 0 where all are.
  package var needed = Phases()
  package var hits = Phases()
  /// Experts that the device has room for, and those of the model.
  package var slots = 0
  package var experts = 0

  package init() {}

  /// Everything together.
  package var total: Entry { layers.reduce(into: outside) { $0 += $1 } }

  /// The share of needed experts that were there, in decode or in prefill.
  package func hitRate(isPrefill: Bool) -> Double? {
    needed[isPrefill] > 0 ? hits[isPrefill] / needed[isPrefill] : nil
  }

  /// Reads over different experts that were read: how often a pass read the average expert again (modelled).
  package var readFactor: Double? { Self.factor(total.expertReads, distinctReads) }
  /// Transfers over different experts that came: how often the average expert was reloaded (counted).
  package var reloadFactor: Double? { Self.factor(total.expertTransfers, distinctTransfers) }

  private static func factor(_ loads: Phases, _ distinct: [Int]) -> Double? {
    let count = distinct.reduce(0, +)
    return count > 0 && loads.total > 0 ? loads.total / Double(count) : nil
  }

  /// What was added since `before`; how many different experts that were, sums cannot say: they stay those of `after`.
  package static func - (after: Ledger, before: Ledger) -> Ledger {
    var change = after
    change.outside = after.outside - before.outside
    if after.layers.count == before.layers.count { change.layers = zip(after.layers, before.layers).map { $0 - $1 } }
    change.needed = after.needed - before.needed
    change.hits = after.hits - before.hits
    return change
  }
}

extension Ledger.Entry: Encodable {
  private enum Key: String, CodingKey { case memory, expertReads, hostToDevice, diskToHost, expertTransfers }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(Dictionary(uniqueKeysWithValues: memory.map { ($0.key.rawValue, $0.value) }), forKey: .memory)
    try container.encode(expertReads, forKey: .expertReads)
    try container.encode(hostToDevice, forKey: .hostToDevice)
    try container.encode(diskToHost, forKey: .diskToHost)
    try container.encode(expertTransfers, forKey: .expertTransfers)
  }
}

extension Ledger: Encodable {
  private enum Key: String, CodingKey {
    case modelled, counted, total, outside, layers, distinctReads, distinctTransfers, needed, hits, slots, experts
    case readFactor, reloadFactor
  }

  /// With the names of what is modelled and what is counted.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(["memory", "expertReads", "distinctReads", "readFactor"], forKey: .modelled)
    try container.encode(
      ["hostToDevice", "diskToHost", "expertTransfers", "distinctTransfers", "reloadFactor"], forKey: .counted)
    try container.encode(total, forKey: .total)
    try container.encode(outside, forKey: .outside)
    try container.encode(layers, forKey: .layers)
    try container.encode(distinctReads, forKey: .distinctReads)
    try container.encode(distinctTransfers, forKey: .distinctTransfers)
    try container.encode(needed, forKey: .needed)
    try container.encode(hits, forKey: .hits)
    try container.encode(slots, forKey: .slots)
    try container.encode(experts, forKey: .experts)
    try container.encodeIfPresent(readFactor, forKey: .readFactor)
    try container.encodeIfPresent(reloadFactor, forKey: .reloadFactor)
  }
}
