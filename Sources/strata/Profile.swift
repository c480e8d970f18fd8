import ArgumentParser
import Engine
import OpenCL
import Profiling
import Simulation

struct Profile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what a device can do at most, and how fast it reads experts' weights.",
    discussion: """
      --ceilings measures the bandwidth of the device's memory and of its link to the host, what a launch costs, and the \
      rates at which it multiplies, each by a kernel written for it. --model measures the grouped products of a model's \
      experts for batches of several sizes, against these ceilings.
      """)

  @Flag(help: "Measure the device's ceilings.")
  var ceilings = false

  @Option(
    parsing: .upToNextOption,
    help: "Of the ceilings: \(CeilingGroup.allCases.map(\.rawValue).joined(separator: ", ")). Default: all.")
  var only: [CeilingGroup] = []

  @Option(help: "Folder of the model; with --random-weights its config.json is enough.")
  var model: String?

  @Flag(help: "Need no weights: rows choose experts by a log-normal popularity.")
  var randomWeights = false

  @Option(
    parsing: .upToNextOption,
    help:
      "Rows that share a read of the experts. Default: \(ExpertLoadProfile.batchSizes.map(String.init).joined(separator: " "))."
  )
  var batchSizes: [Int] = []

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard ceilings || model != nil else { throw ValidationError("--ceilings or --model is needed") }
    if ceilings, model != nil { throw ValidationError("Only one of '--ceilings' and '--model' can be used") }
    if !only.isEmpty, !ceilings { throw ValidationError("'--only' says which '--ceilings' are measured") }
    if model == nil, randomWeights || !batchSizes.isEmpty {
      throw ValidationError("'--random-weights' and '--batch-sizes' need '--model'")
    }
  }

  func run() async throws {
    let progress = ProgressLine("measuring")
    guard let model else {
      let groups = only.isEmpty ? CeilingGroup.allCases : only
      let found = try DeviceCeilings(of: openCLDevice(device), groups: groups) { progress.step("measuring \($0)") }
      progress.finish()
      return json ? try printJSON(found) : try output(found.lines)
    }
    let shape = try ModelShape(at: model)
    let device = try openCLDevice(device)
    let measured = try DeviceCeilings(of: device, groups: [.memory, .multiply]) { progress.step("measuring \($0)") }
    let found = try ExpertLoadProfile(
      of: device, model: shape, batchSizes: batchSizes.isEmpty ? ExpertLoadProfile.batchSizes : batchSizes,
      ceilings: measured
    ) { progress.step($0) }
    progress.finish()
    if json { return try printJSON(found) }
    try output(found.lines)
  }

  private func output(_ lines: [String]) throws { try Terminal.output(lines.joined(separator: "\n") + "\n") }
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
