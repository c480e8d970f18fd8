import ArgumentParser
import Engine
import OpenCL
import OpenCLBackend

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists OpenCL devices, the kernels that each would run, and what stands in for what it lacks.")

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let reports = try Device.all().map(DeviceReport.init)
    if json { return try printJSON(DeviceList(reports)) }
    var lines = reports.enumerated().map(text)
    if lines.isEmpty {
      lines = ["no OpenCL device was found: install a driver (for a CPU, Debian's pocl-opencl-icd)"]
    }
    lines.append("reference: plain Swift on the CPU, one thread; needs no driver")
    try Terminal.output(lines.joined(separator: "\n") + "\n")
  }

  private func text(_ index: Int, _ report: DeviceReport) -> String {
    let device = report.device
    var lines = [
      "\(index): \(device.name)\(report.isUsable ? "" : " (cannot be used, see below)")",
      "   platform     \(device.platformName), \(device.platformVersion)",
      "   driver       \(device.driverVersion); \(device.version); \(device.languageVersion)",
      "   kind         \(device.kind.rawValue), \(device.computeUnits) units, \(device.clockMHz) MHz",
      "   memory       \(readable(device.globalMemory)), largest buffer \(readable(device.maxAllocation)), "
        + "local \(readable(device.localMemory))",
      "   variant      \(report.variant)",
    ]
    for capability in report.capabilities {
      lines.append("   \(capability.isPresent ? "has  " : "lacks") \(capability.name): \(capability.used)")
    }
    return lines.joined(separator: "\n")
  }
}

/// The JSON form.
private struct DeviceList: Encodable {
  struct Entry: Encodable {
    var index: Int
    var name: String
    var platform: String
    var platformVersion: String
    var driverVersion: String
    var version: String
    var languageVersion: String
    var kind: String
    var usable: Bool
    var computeUnits: Int
    var clockMHz: Int
    var globalMemoryBytes: Int
    var maxAllocationBytes: Int
    var localMemoryBytes: Int
    var unifiedMemory: Bool
    var variant: String
    var extensions: [String]
    var capabilities: [Capability]
  }

  struct Capability: Encodable {
    var name: String
    var present: Bool
    var used: String
  }

  var devices: [Entry]

  init(_ reports: [DeviceReport]) {
    devices = reports.enumerated().map { index, report in
      let device = report.device
      return Entry(
        index: index, name: device.name, platform: device.platformName, platformVersion: device.platformVersion,
        driverVersion: device.driverVersion, version: device.version, languageVersion: device.languageVersion,
        kind: device.kind.rawValue, usable: report.isUsable, computeUnits: device.computeUnits,
        clockMHz: device.clockMHz, globalMemoryBytes: device.globalMemory, maxAllocationBytes: device.maxAllocation,
        localMemoryBytes: device.localMemory, unifiedMemory: device.unifiedMemory, variant: report.variant,
        extensions: device.extensions.sorted(),
        capabilities: report.capabilities.map { Capability(name: $0.name, present: $0.isPresent, used: $0.used) })
    }
  }
}
