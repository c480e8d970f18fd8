import OpenCL
import Synchronization

/// Something that a device has or has not, found out by trying, once for each device of the process.
final class DeviceProbe: Sendable {
  private let found = Mutex<[(device: Device, isThere: Bool)]>([])
  private let probe: @Sendable (Device) -> Bool

  init(_ probe: @escaping @Sendable (Device) -> Bool) { self.probe = probe }

  func isThere(on device: Device) -> Bool {
    found.withLock { found in
      if let known = found.first(where: { $0.device == device }) { return known.isThere }
      let isThere = probe(device)
      found.append((device, isThere))
      return isThere
    }
  }
}
