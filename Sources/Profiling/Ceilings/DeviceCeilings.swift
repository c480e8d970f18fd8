package import OpenCL

/// All limits of one device, each measured by a kernel written for it.
package struct DeviceCeilings: Sendable, Encodable {
  package var device: String
  package var driver: String
  /// Bytes of each buffer that bandwidths were measured on.
  package var bufferBytes: Int
  /// In the order of measuring; of a format's multiply rates, one for each instruction that the device takes.
  package var ceilings: [Ceiling]

  /// Measures, in a few seconds.
  ///
  /// - Parameter progress: told the title of what is measured next.
  /// - Throws: `OpenCLError` of a device that fails.
  package init(
    of device: Device, cache: ProgramCache = ProgramCache(), progress: (String) -> Void = { _ in }
  ) throws {
    let bench = try CeilingBench(device, cache: cache)
    self.device = device.name
    driver = device.driverVersion
    bufferBytes = bench.bufferBytes
    let groups = [
      ("global memory bandwidth", bench.measureMemory), ("transfer bandwidth", bench.measureTransfers),
      ("kernel launch latency", bench.measureLaunches), ("multiply rates", bench.measureMultiply),
    ]
    ceilings = try groups.flatMap { title, measure in
      progress(title)
      return try measure()
    }
  }

  /// The highest of this name.
  package subscript(name: Ceiling.Name) -> Ceiling? {
    ceilings.filter { $0.name == name }.max { $0.median < $1.median }
  }
}
