package import OpenCL

/// All limits of one device, each measured by a kernel written for it.
package struct DeviceCeilings: Sendable, Encodable {
  package var device: String
  package var driver: String
  /// Bytes of each buffer that bandwidths were measured on.
  package var bufferBytes: Int
  /// In the order of measuring; of a format's multiply rates, one for each instruction that the device takes.
  package var ceilings: [Ceiling]

  package init(device: String, driver: String, bufferBytes: Int, ceilings: [Ceiling]) {
    self.device = device
    self.driver = driver
    self.bufferBytes = bufferBytes
    self.ceilings = ceilings
  }

  /// Measures, in a few seconds.
  ///
  /// - Parameters:
  ///   - groups: what is measured.
  ///   - progress: told what is measured next.
  /// - Throws: `OpenCLError` of a device that fails.
  package init(
    of device: Device, groups: [CeilingGroup] = CeilingGroup.allCases, cache: ProgramCache = ProgramCache(),
    progress: (String) -> Void = { _ in }
  ) throws {
    let bench = try CeilingBench(device, cache: cache)
    self.device = device.name
    driver = device.driverVersion
    bufferBytes = bench.bufferBytes
    ceilings = try groups.flatMap { group in
      progress(group.title)
      return switch group {
      case .memory: try bench.measureMemory()
      case .transfer: try bench.measureTransfers()
      case .launch: try bench.measureLaunches()
      case .multiply: try bench.measureMultiply()
      }
    }
  }

  /// The highest of this name.
  package subscript(name: Ceiling.Name) -> Ceiling? {
    ceilings.filter { $0.name == name }.max { $0.median < $1.median }
  }
}
