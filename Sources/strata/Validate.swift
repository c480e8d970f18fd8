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
      A case fails if a value is off, an element was not written, one outside was, the same rows in another batch, or \
      products that are cut in another way, have other bits, or a call of OpenCL fails. For each failure the command that \
      repeats it is printed, and the other cases go on. Ends with status 1 if anything failed, or nothing ran.
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

  @Option(help: "Only the op families whose name contains this; Model for a whole model.")
  var op: String?

  @Option(help: "Only cases with weights in this format, such as bf16 or Q4_K.")
  var format: String?

  @Option(help: "Only cases whose name has all of these words, such as \"rows=33 K=100\".")
  var shape: String?

  @Option(help: "The kernels to check: cpu, gpu or mma. Default: those that the device would run.")
  var variant: KernelStyle?

  @Option(
    help: """
      Subgroups of GPU kernels: device, those it has, none, or emulated, acted out by local memory. Default: device and then \
      none where it has some, else none.
      """)
  var subgroups: SubgroupUse?

  @Option(
    parsing: .unconditional, help: "What decides the random cases' shapes: a number from 0 on.",
    transform: { try Self.number($0, "seed") })
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional, help: "Random cases of each op family, beside the table.",
    transform: { try Self.number($0, "cases") })
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

  @Option(
    help:
      "What activations are rounded to, as `strata run` takes it. Default: what suits the device; f32 for whole models."
  )
  var activations: ActivationPrecision?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Let a second process build kernels from the last case on, which helps where a driver keeps what it has built. \
      Default: for \(BuildingAhead.leastCases) cases and more.
      """)
  var ahead: Bool?

  @Flag(help: .hidden)
  var backwards = false

  @Flag(help: "Print only failures and a line for each op family.")
  var summary = false

  @Flag(help: "Print JSON: an array of devices, each with its cases; with --list an array of cases.")
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
    if summary, json { throw ValidationError("Only one of '--summary' and '--json' can be used") }
    for (mode, isOn, others) in meaningless where isOn {
      if let other = others.first(where: \.isGiven) {
        throw ValidationError("'\(other.name)' has no meaning with '\(mode)'")
      }
    }
  }

  func run() async throws {
    let selection = CaseSelection(
      op: op, format: try format.map(CaseSelection.format), shape: shape, randomCases: cases, seed: seed)
    let chosen = try selection.cases()
    if selection.isModelOnly { try checkModelOnly() }
    if list { return try ValidationText.list(chosen, asJSON: json) }
    if let junit { try OutputFile.check(junit) }
    let devices = try devices()
    if support { return try ValidationText.support(devices.map(\.device), asJSON: json) }
    if perf { return try time(chosen, devices) }
    if backwards, let device = devices.first { return try buildBackwards(chosen, device) }
    let model = try modelFolder(selection).map(ValidationModel.init)
    var outcomes: [ValidationOutcome] = []
    var bits: [String: Int] = [:]
    for (index, device, plan) in try devices.flatMap(plans) {
      var again = ValidationRepeat(index: index, style: plan.style, selection: selection, model: self.model)
      again.activations = activations
      again.subgroups = SubgroupUse(plan, device)
      var run = ValidationRun(device, plan: plan, again: again)
      run.modelActivations = activations ?? .float32
      run.isQuiet = json
      run.showsCases = !summary
      run.bitsWithSubgroups = plan.subgroups == nil ? bits : [:]
      run.buildsAhead = ahead ?? (chosen.count >= BuildingAhead.leastCases)
      try run.begin()
      if !chosen.isEmpty { try await run.check(chosen) }
      if let model { try await run.check(model: model) }
      try run.end(withoutModel: model == nil && selection.hasModel ? Self.noModel : nil)
      bits = plan.subgroups == nil ? [:] : run.bits
      outcomes.append(run.outcome)
    }
    try report(outcomes)
  }

  /// What `BuildingAhead` runs: the cases from the last one on, each told of by a byte.
  private func buildBackwards(_ cases: [any OpCase], _ found: (index: Int, device: Device)) throws {
    BuildingAhead.leaveWhenUnwanted()
    guard let (_, device, plan) = try plans(found).first else { return }
    let backend = try OpenCLBackend(device, plan: plan, cache: ProgramCache(keepsBuilt: false))
    for test in ValidationRun.able(cases, device, plan).reversed() where BuildingAhead.isWanted {
      Validator.build(test, on: backend)
      try Terminal.output(".")
    }
  }

  /// Writes what was asked for.
  /// - Throws: `EngineError` that names the devices that fail.
  private func report(_ outcomes: [ValidationOutcome]) throws {
    if json { try printJSON(outcomes) }
    if let junit { try OutputFile.write(Data(JUnitReport.xml(outcomes.map(\.junit)).utf8), to: junit) }
    let problems = outcomes.compactMap { outcome -> String? in
      if outcome.entries.isEmpty { return "device \"\(outcome.device)\" can run none of the cases" }
      guard outcome.failed > 0 else { return nil }
      return "device \"\(outcome.device)\" fails \(outcome.failed) of \(outcome.entries.count) cases"
    }
    guard problems.isEmpty else { throw EngineError(problems.joined(separator: "; ")) }
  }

  private func time(_ cases: [any OpCase], _ devices: [(index: Int, device: Device)]) throws {
    let times = ValidationTimes(form: csv ? .csv : json ? .json : .text)
    try times.run(cases, devices.flatMap(plans).map { ($0.device, $0.plan) })
  }

  /// What is checked of a device: its kernels, and where they use subgroups, those without, too.
  private func plans(
    _ found: (index: Int, device: Device)
  ) throws -> [(index: Int, device: Device, plan: DevicePlan)] {
    var plan = DevicePlan.tuned(found.device, style: variant)
    if let activations {
      try plan.check(activations)
      plan.activations = activations
    }
    let uses = subgroups.map { [$0] } ?? (plan.subgroups == nil ? [.none] : [.device, .none])
    return try uses.map { (found.index, found.device, try $0.applied(to: plan, found.device)) }
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

  private func modelFolder(_ selection: CaseSelection) -> String? {
    model ?? (selection.hasModel && ValidationModel.hasBundled ? ValidationModel.bundled : nil)
  }

  private static let noModel = "\(ValidationModel.bundled) is not here; --model FOLDER compares another one"

  /// - Throws: `EngineError` where a whole model alone is asked for, and cannot be had.
  private func checkModelOnly() throws {
    if list || perf {
      throw EngineError("op is \"\(op ?? "")\", which is a whole model: it has no cases to list or time")
    }
    if format != nil || shape != nil {
      throw EngineError("op is \"\(op ?? "")\", which is a whole model: --format and --shape choose cases of ops")
    }
    guard model != nil || ValidationModel.hasBundled else {
      throw EngineError("op is \"\(op ?? "")\": \(Self.noModel)")
    }
  }

  private static func number<Number: FixedWidthInteger>(_ text: String, _ option: String) throws -> Number {
    guard let number = Number(text), number >= 0 else {
      throw ValidationError("\(option) is \"\(text)\", expected a whole number from 0 to \(Number.max)")
    }
    return number
  }
}

extension KernelStyle: ExpressibleByArgument {}
