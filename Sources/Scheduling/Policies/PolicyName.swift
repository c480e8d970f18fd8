/// The policies by the names that the command line knows.
package enum PolicyName: String, Sendable, CaseIterable {
  case layered
  case chunked
  case continuous

  /// - Parameter layerGroups: for `layered`, groups for any prompt; nil for the paper's rule.
  /// - Throws: `SchedulingError` if the option does not go with this policy or this model.
  package func policy(layerGroups: Int?, layerCount: Int) throws(SchedulingError) -> any Policy {
    if let layerGroups {
      guard self == .layered else {
        throw SchedulingError("layer-groups is \(layerGroups), but policy \(rawValue) does not cut the layers")
      }
      guard (1...layerCount).contains(layerGroups) else {
        throw SchedulingError("layer-groups is \(layerGroups), expected 1 to \(layerCount), the model's layers")
      }
    }
    switch self {
    case .layered: return Layered(groups: layerGroups)
    case .chunked: return Chunked()
    case .continuous: return Continuous()
    }
  }
}
