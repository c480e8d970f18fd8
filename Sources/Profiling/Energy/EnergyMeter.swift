package import OpenCL

/// Counts the energy that a device takes, where the platform tells it: CPUs by RAPL, all packages of the machine; NVIDIA's
/// GPUs by NVML.
package struct EnergyMeter: Sendable {
  private enum Source {
    case packages(PowerMeter)
    case gpu(NVMLMeter)
  }

  /// What the counters showed at a moment.
  package struct Mark: Sendable { fileprivate var values: [UInt64] }

  private let source: Source

  /// Nil where nothing tells the device's energy.
  package init?(_ device: Device) {
    let source = device.kind == .cpu ? PowerMeter().map(Source.packages) : NVMLMeter(name: device.name).map(Source.gpu)
    guard let source else { return nil }
    self.source = source
  }

  package func mark() -> Mark {
    switch source {
    case .packages(let meter): Mark(values: meter.counters)
    case .gpu(let meter): Mark(values: [meter.millijoules])
    }
  }

  package func joules(since mark: Mark) -> Double {
    switch source {
    case .packages(let meter): meter.joules(since: mark.values)
    case .gpu(let meter): Double(meter.millijoules &- mark.values[0]) * 1e-3
    }
  }
}
