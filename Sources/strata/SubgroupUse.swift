import ArgumentParser
import Engine
import OpenCL
import OpenCLBackend

/// Which subgroups GPU kernels use when they are checked.
enum SubgroupUse: String, ExpressibleByArgument {
  case device, none, emulated

  /// What a plan has; nil where the device leaves no choice.
  init?(_ plan: DevicePlan, _ device: Device) {
    if let subgroups = plan.subgroups {
      self = subgroups.isEmulated ? .emulated : .device
    } else {
      guard plan.style != .cpu, Subgroups.found(on: device) != nil else { return nil }
      self = .none
    }
  }

  /// - Throws: `EngineError` where the kernels, or the device, have no subgroups.
  func applied(to plan: DevicePlan, _ device: Device) throws -> DevicePlan {
    if plan.style == .cpu, self != .none {
      throw EngineError("subgroups is \"\(rawValue)\": the CPU kernels have none; expected --variant gpu or mma")
    }
    var plan = plan
    switch self {
    case .device:
      guard plan.subgroups != nil else {
        throw EngineError("subgroups is \"device\": device \"\(device.name)\" has none that the kernels can use")
      }
    case .none: plan.subgroups = nil
    case .emulated: plan.subgroups = .emulated(size: plan.subgroups?.size ?? Subgroups.sizes[0])
    }
    return plan
  }
}
