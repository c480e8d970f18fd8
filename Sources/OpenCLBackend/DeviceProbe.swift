import OpenCL
import Synchronization

/// Something about a device that is found out by trying, once for each device of the process.
final class DeviceProbe<Finding: Sendable>: Sendable {
  private let found = Mutex<[(device: Device, finding: Finding)]>([])
  private let probe: @Sendable (Device) -> Finding

  init(_ probe: @escaping @Sendable (Device) -> Finding) { self.probe = probe }

  func finding(on device: Device) -> Finding {
    found.withLock { found in
      if let known = found.first(where: { $0.device == device }) { return known.finding }
      let finding = probe(device)
      found.append((device, finding))
      return finding
    }
  }
}
