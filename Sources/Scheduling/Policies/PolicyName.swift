/// The policies by the names that the command line knows.
package enum PolicyName: String, Sendable, CaseIterable {
  case layered
  case adaptive
  case chunked
  case continuous
}

/// A policy as the command line names it, with the options that go with it.
package struct PolicyOptions: Sendable, Equatable {
  package var name: PolicyName
  /// Of `chunked`; nil for the default.
  package var chunkSize: Int?
  /// Of `layered`: groups for any prompt; nil for the paper's rule.
  package var layerGroups: Int?
  /// Of `layered`: the stages of the authors' step table, in the formula's place.
  package var groupTable: Int?
  /// Of `adaptive`, in seconds; nil for the default.
  package var tbtTarget: Double?

  /// Seconds that `adaptive` keeps the time between tokens below, unless told otherwise.
  package static let defaultTBTTarget = 0.1

  package init(
    _ name: PolicyName, chunkSize: Int? = nil, layerGroups: Int? = nil, groupTable: Int? = nil,
    tbtTarget: Double? = nil
  ) {
    self.name = name
    self.chunkSize = chunkSize
    self.layerGroups = layerGroups
    self.groupTable = groupTable
    self.tbtTarget = tbtTarget
  }

  /// The policy's name with what sets it apart from others of the name: `chunked 1024`, `layered 4 groups`.
  package var label: String {
    if let chunkSize { return "\(name.rawValue) \(chunkSize)" }
    if let layerGroups { return "\(name.rawValue) \(layerGroups) groups" }
    if let groupTable { return "\(name.rawValue) table \(groupTable)" }
    return name.rawValue
  }

  /// - Parameter time: what `adaptive` knows of the device to begin with.
  /// - Throws: `SchedulingError` if an option does not go with this policy or this model.
  package func policy(
    layerCount: Int, time: @autoclosure () -> IterationTime = IterationTime()
  ) throws(SchedulingError) -> any Policy {
    if let layerGroups {
      guard name == .layered else {
        throw SchedulingError("layer-groups is \(layerGroups), but policy \(name.rawValue) cuts no layer groups")
      }
      guard (1...max(layerCount, 1)).contains(layerGroups) else {
        throw SchedulingError("layer-groups is \(layerGroups), expected 1 to \(layerCount), the model's layers")
      }
    }
    if let groupTable {
      guard name == .layered, layerGroups == nil else {
        throw SchedulingError("group-table is \(groupTable), expected it with policy layered and without layer-groups")
      }
      guard groupTable > 0 else { throw SchedulingError("group-table is \(groupTable), expected 1 stage or more") }
    }
    if let chunkSize {
      guard name == .chunked else {
        throw SchedulingError("chunk-size is \(chunkSize), but policy \(name.rawValue) cuts no chunks of a given size")
      }
      guard chunkSize > 0 else { throw SchedulingError("chunk-size is \(chunkSize), expected 1 or more") }
    }
    if let tbtTarget {
      guard name == .adaptive else {
        throw SchedulingError("tbt-target is \(tbtTarget * 1000) ms, but policy \(name.rawValue) has no target")
      }
      guard tbtTarget > 0, tbtTarget.isFinite else {
        throw SchedulingError("tbt-target is \(tbtTarget * 1000) ms, expected a time above 0")
      }
    }
    switch name {
    case .layered: return Layered(groups: layerGroups, rule: groupTable.map { .table(stages: $0) } ?? .formula)
    case .adaptive: return Adaptive(tbtTarget: tbtTarget ?? Self.defaultTBTTarget, time: time())
    case .chunked: return Chunked(chunkSize: chunkSize ?? Chunked.defaultChunkSize)
    case .continuous: return Continuous()
    }
  }
}
