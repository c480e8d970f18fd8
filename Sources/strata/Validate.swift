import ArgumentParser
import Backend
import Engine
import Foundation
import OpenCL
import OpenCLBackend
import Validation

struct Validate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares every kernel with the plain reference, op by op, and a whole model.",
    discussion: """
      A case fails if a value is off, an element was not written, one outside was, or the same rows in another batch \
      have other bits. For each failure the command that repeats it is printed. Ends with status 1 if anything failed.
      """)

  @Option(
    parsing: .unconditionalSingleValue,
    help: """
      An index of `strata devices`, or part of a name; may be given several times. Default: STRATA_DEVICE, else the first \
      GPU.
      """)
  var device: [String] = []

  @Flag(help: "Every usable OpenCL device.")
  var allDevices = false

  @Option(help: "Only the op families whose name contains this; Model for whole models.")
  var op: String?

  @Option(help: "Only cases with weights in this format, such as bf16.")
  var format: String?

  @Option(help: "Only cases whose name has all of these words, such as \"rows=33 K=100\".")
  var shape: String?

  @Option(help: "The kernels to check: cpu, gpu or mma. Default: those that the device would run.")
  var variant: KernelStyle?

  @Option(parsing: .unconditional, help: "What decides the random cases' shapes.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Random cases of each op family, beside the table.")
  var cases = 8

  @Option(help: "Folder of the model that is compared as a whole. Default: the bundled one, where it is at hand.")
  var model: String?

  @Flag(help: "Print the cases, and run nothing.")
  var list = false

  @Flag(help: "Print what the device can run, and what stands in for what it lacks; run nothing.")
  var support = false

  @Flag(help: "Time the cases by the device's clock instead of checking them.")
  var perf = false

  @Flag(help: "With --perf: CSV.")
  var csv = false

  @Option(help: "What products with weights in blocks take: f32 or int8. Default: what the device's kernels take.")
  var activations: ActivationPrecision?

  @Flag(help: "Print only failures and a line for each op family.")
  var summary = false

  @Flag(help: "Print JSON: an array of cases.")
  var json = false

  @Option(help: "Write the results as JUnit XML, too.")
  var junit: String?

  func validate() throws {
    if allDevices, !device.isEmpty { throw ValidationError("Only one of '--device' and '--all-devices' can be used") }
    if [list, support, perf].count(where: \.self) > 1 {
      throw ValidationError("Only one of '--list', '--support' and '--perf' can be used")
    }
    if csv, !perf { throw ValidationError("'--csv' is a form of '--perf'") }
    if csv, json { throw ValidationError("Only one of '--csv' and '--json' can be used") }
    if junit != nil, list || support || perf { throw ValidationError("'--junit' is for checks") }
    if variant == nil || !support { return }
    throw ValidationError("'--support' shows all variants: '--variant' has no meaning")
  }

  func run() async throws {
    let selection = CaseSelection(op: opFamily, format: format, shape: shape, randomCases: cases, seed: seed)
    let chosen = try isModelOnly ? [] : selection.cases()
    if list { return try ValidationText.list(chosen) }
    if let junit { try OutputFile.check(junit) }
    let devices = try devices()
    if support { return try ValidationText.support(devices.map(\.device)) }
    var outcomes: [ValidationOutcome] = []
    for (index, device) in devices {
      var plan = DevicePlan(device, style: variant)
      if let activations { plan.activations = activations }
      if perf {
        try ValidationTimes(device, plan, form: csv ? .csv : json ? .json : .text).run(chosen)
        continue
      }
      var run = ValidationRun(
        device, plan: plan, again: ValidationRun.Repeat(index: index, selection: selection))
      run.isQuiet = json
      run.showsCases = !summary
      try run.begin()
      try await run.check(chosen)
      if let folder = modelFolder { try await run.check(model: folder) }
      try run.end()
      outcomes.append(run.outcome)
    }
    if json { try printJSON(outcomes) }
    if let junit {
      let xml = JUnitReport.xml(
        name: outcomes.map(\.device).joined(separator: ", "),
        outcomes.flatMap(\.entries).map { ($0.report, $0.seconds) })
      try OutputFile.write(Data(xml.utf8), to: junit)
    }
    let failed = outcomes.filter { $0.failed > 0 }
    guard failed.isEmpty else {
      throw EngineError(
        failed.map { "device \"\($0.device)\" fails \($0.failed) of \($0.entries.count) cases" }.joined(separator: "; ")
      )
    }
  }

  /// - Throws: `EngineError` for a device that is not there or cannot be used.
  private func devices() throws -> [(index: Int, device: Device)] {
    let all = Array(try Device.all().enumerated())
    if allDevices {
      let usable = all.filter { DeviceReport($0.element).isUsable }
      guard !usable.isEmpty else { throw EngineError("all-devices: no usable OpenCL device was found") }
      return usable.map { ($0.offset, $0.element) }
    }
    return try (device.isEmpty ? [nil] : device.map(Optional.some)).map { name in
      guard case .openCL(let found) = try DeviceSelection.find(name) else {
        throw EngineError("device reference is what the others are compared with; expected an OpenCL device")
      }
      return (all.first { $0.element == found }?.offset ?? 0, found)
    }
  }

  /// Whether only whole models are asked for.
  private var isModelOnly: Bool { op.map { "model".hasPrefix($0.lowercased()) } ?? false }
  private var opFamily: String? { isModelOnly ? nil : op }

  /// Whole models run unless an op, format or shape was asked for.
  private var modelFolder: String? {
    guard isModelOnly || (op == nil && format == nil && shape == nil) || model != nil, !perf else { return nil }
    return model ?? [bundled].first { FileManager.default.fileExists(atPath: "\($0)/config.json") }
  }

  private var bundled: String { "Tests/Fixtures/tiny-moe" }
}

extension KernelStyle: ExpressibleByArgument {}
