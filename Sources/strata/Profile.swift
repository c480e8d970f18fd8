import ArgumentParser
import Engine
import OpenCL
import Profiling

struct Profile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what a device can do at most.",
    discussion: """
      --ceilings measures the bandwidth of the device's memory and of its link to the host, what a launch costs, and the \
      rates at which it multiplies, each by a kernel written for it.
      """)

  @Flag(help: "Measure the device's ceilings.")
  var ceilings = false

  @Option(
    parsing: .upToNextOption,
    help: "Of the ceilings: \(CeilingGroup.allCases.map(\.rawValue).joined(separator: ", ")). Default: all.")
  var only: [CeilingGroup] = []

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard ceilings else { throw ValidationError("--ceilings is needed") }
  }

  func run() throws {
    let progress = ProgressLine("measuring")
    let found = try DeviceCeilings(of: openCLDevice(device), groups: only.isEmpty ? CeilingGroup.allCases : only) {
      progress.step("measuring \($0)")
    }
    progress.finish()
    if json { return try printJSON(found) }
    try Terminal.output(found.lines.joined(separator: "\n") + "\n")
  }
}

extension CeilingGroup: ExpressibleByArgument {}

/// The device that can be profiled.
/// - Throws: `EngineError` for the reference, which is no device.
func openCLDevice(_ wanted: String?) throws -> Device {
  guard case .openCL(let device) = try DeviceSelection.find(wanted) else {
    throw EngineError("device reference is plain Swift and has nothing to measure; expected an OpenCL device")
  }
  return device
}
