import ArgumentParser
import Checkpoints
import Engine
import Foundation
import OpenCL
import Profiling
import Scheduling
import Simulation

struct Profile: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what a device can do at most, and how fast it reads experts' weights.",
    discussion: """
      --ceilings measures the bandwidth of the device's memory and of its link to the host, what a launch costs, and the \
      rates at which it multiplies, each by a kernel written for it. --model measures the grouped products of a model's \
      experts for batches of several sizes against these ceilings, with the experts that its routers choose for a text, \
      and shows how popular each expert is. --policy runs a prompt with each policy.
      """)

  @Flag(help: "Measure the device's ceilings.")
  var ceilings = false

  @Option(
    parsing: .upToNextOption,
    help: "Of the ceilings: \(CeilingGroup.allCases.map(\.rawValue).joined(separator: ", ")). Default: all.")
  var only: [CeilingGroup] = []

  @OptionGroup var modelOptions: ProfileModelOptions

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Write the kernels and copies of --policy as a Chrome trace, for ui.perfetto.dev.")
  var trace: String?

  @Option(help: "Write a page with roofline, heat map, coverage and timeline, for any browser.")
  var html: String?

  func validate() throws {
    guard ceilings || modelOptions.model != nil else { throw ValidationError("--ceilings or --model is needed") }
    if ceilings, modelOptions.model != nil {
      throw ValidationError("Only one of '--ceilings' and '--model' can be used")
    }
    if !only.isEmpty, !ceilings { throw ValidationError("'--only' says which '--ceilings' are measured") }
    if trace != nil, modelOptions.policy.isEmpty { throw ValidationError("'--trace' needs '--policy'") }
    try modelOptions.check()
  }

  func run() async throws {
    // What cannot be written is told before anything is measured.
    for path in [trace, html, modelOptions.savePopularity].compactMap(\.self) { try SafetensorsWriter.check(path) }
    let progress = ProgressLine("profiling")
    let device = try openCLDevice(device)
    let report: ProfileReport
    if let model = modelOptions.model {
      report = try await modelOptions.report(model, on: device) { progress.step($0) }
    } else {
      let groups = only.isEmpty ? CeilingGroup.allCases : only
      report = ProfileReport(
        ceilings: try DeviceCeilings(of: device, groups: groups) { progress.step("measuring \($0)") })
    }
    progress.finish()
    if let trace { try OutputFile.write(ChromeTrace.encode(report.namedTimelines), to: trace) }
    if let html { try OutputFile.write(Data(report.page.utf8), to: html) }
    if json { return try ceilings ? printJSON(report.ceilings) : printJSON(report) }
    try Terminal.output(report.lines.joined(separator: "\n") + "\n")
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
