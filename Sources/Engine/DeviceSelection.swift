import Foundation
package import OpenCL
import OpenCLBackend

/// Where a model runs.
package enum DeviceSelection: Sendable, Equatable {
  /// Plain Swift on the CPU.
  case reference
  case openCL(Device)

  package var name: String {
    switch self {
    case .reference: "reference"
    case .openCL(let device): device.name
    }
  }

  /// The environment variable that names the device if no option does.
  package static let environmentVariable = "STRATA_DEVICE"

  /// Finds the device that `wanted` names: `reference`, an index into `Device.all()`, or a part of its name, in any
  /// case; a number is always an index. Without `wanted` the environment decides; without that it is the first GPU
  /// that can be used, else the first device.
  /// - Throws: `EngineError` that lists the devices there are.
  package static func find(
    _ wanted: String?, environment: [String: String] = ProcessInfo.processInfo.environment,
    devices: [Device]? = nil
  ) throws -> DeviceSelection {
    let wanted = wanted ?? environment[environmentVariable].flatMap { $0.isEmpty ? nil : $0 }
    if wanted == "reference" { return .reference }
    let devices = try devices ?? Device.all()
    guard let wanted else {
      let usable = devices.filter { DeviceReport($0).isUsable }
      guard let device = usable.first(where: { $0.kind == .gpu }) ?? usable.first ?? devices.first else {
        throw EngineError(
          "no OpenCL device was found: install a driver (for a CPU, Debian's pocl-opencl-icd) or use --device reference"
        )
      }
      return .openCL(device)
    }
    if let index = Int(wanted), devices.indices.contains(index) { return .openCL(devices[index]) }
    let matches = devices.filter { $0.name.localizedCaseInsensitiveContains(wanted) }
    if Int(wanted) == nil, let device = matches.first, matches.count == 1 { return .openCL(device) }
    let list = (devices.enumerated().map { "\($0): \($1.name)" } + ["reference"]).joined(separator: "; ")
    let problem = Int(wanted) == nil && matches.count > 1 ? "names several devices" : "is none of the devices"
    throw EngineError("device \"\(wanted)\" \(problem); expected an index, part of one name, or reference: \(list)")
  }
}
