import Backend
import Engine
import Foundation
import Models
import OpenCL
import OpenCLBackend
import Reference
import Validation

/// Checks cases on one device, and says what comes of each.
struct ValidationRun {
  private let device: Device
  private let plan: DevicePlan
  private let again: ValidationRepeat
  private let start = ContinuousClock.now
  private(set) var outcome: ValidationOutcome
  /// Nothing is printed.
  var isQuiet = false
  /// Those that pass are shown, too.
  var showsCases = true
  /// What whole models take activations as: a value on the other side of a tie of rounding would count as an error of theirs.
  var modelActivations = ActivationPrecision.float32
  /// Whether a second process builds kernels from the last case on.
  var buildsAhead = false
  /// What the same device gave with subgroups: the bits of each case, which must be the same without.
  var bitsWithSubgroups: [String: Int] = [:]
  /// Why the device computes nothing any more.
  private var loss: String?

  init(_ device: Device, plan: DevicePlan, again: ValidationRepeat) {
    self.device = device
    self.plan = plan
    self.again = again
    outcome = ValidationOutcome(
      device: device.name, platform: "\(device.platformName), \(device.platformVersion)", driver: device.driverVersion,
      kernels: plan.style.rawValue, tuned: !plan.tuning.cuts.isEmpty,
      subgroups: plan.subgroups?.name)
  }

  /// Who computes: what a report of a failure needs.
  func begin() throws {
    let isChosen = DeviceReport(device).plan.style == plan.style
    try say("device \(again.index): \(device.name)")
    try say("  platform  \(outcome.platform)")
    try say("  driver    \(device.driverVersion); \(device.languageVersion)")
    try say(
      "  kernels   \(isChosen ? "" : "(not those it would choose) ")\(outcome.kernelsInWords)")
  }

  /// Those of the cases that have a meaning on a device.
  static func able(_ cases: [any OpCase], _ device: Device, _ plan: DevicePlan) -> [any OpCase] {
    cases.filter { test in
      !test.needsDenormals
        || device.keepsDenormals
          && OpFamily(rawValue: test.family).map { plan.keepsDenormals($0, test.formats) } ?? true
    }
  }

  mutating func check(_ cases: [any OpCase]) async throws {
    let able = Self.able(cases, device, plan)
    let left = cases.count - able.count
    if left > 0 { try say("\(left) cases left out: their products take numbers below 2^-126 for zero") }
    let cache = ProgramCache(keepsBuilt: false)
    let backend = { [device, plan] in try OpenCLBackend(device, plan: plan, cache: cache) }
    let keeps = device.keepsDenormals
    if let filter = OpFilter.ofProcess, !filter.families.isEmpty {
      try await check(able, by: CaseRunner(keepsDenormals: keeps) { FilteredBackend(try backend(), filter) })
    } else {
      try await check(able, by: CaseRunner(keepsDenormals: keeps, backend))
    }
  }

  private mutating func check<B: Backend>(_ cases: [any OpCase], by made: CaseRunner<B>) async throws {
    var runner = made
    var expected = ExpectedResults(cases, runner.activations ?? plan.activations)
    let progress = ProgressLine("validating \(device.name)")
    // Without it the cases only take longer.
    var ahead = buildsAhead ? try? BuildingAhead(again.arguments, count: cases.count) : nil
    defer { ahead?.end() }
    for (index, test) in cases.enumerated() {
      let begin = ContinuousClock.now
      ahead?.meet(own: index)
      let report = compared(runner.report(test, expected: await expected.take()))
      try add(report, test.formats, seconds: (ContinuousClock.now - begin).seconds)
      if !showsCases || isQuiet { progress.update(index + 1, cases.count) }
      if index + 1 == cases.count || cases[index + 1].family != test.family { try summarise(test.family) }
    }
    if !showsCases || isQuiet { progress.finish() }
    loss = runner.loss
    if let loss { try say("the device is lost: \(loss)") }
  }

  /// The bits of each case, by its name.
  var bits: [String: Int] {
    Dictionary(outcome.entries.compactMap { entry in entry.report.bits.map { (Self.key(entry.report), $0) } }) { $1 }
  }

  private static func key(_ report: Validator.Report) -> String { "\(report.family)(\(report.name))" }

  private static let otherBits = "it has other bits than with subgroups"

  /// A case that passes fails where it has other bits than with subgroups.
  private func compared(_ report: Validator.Report) -> Validator.Report {
    var report = report
    if report.problem == nil, let bits = bitsWithSubgroups[Self.key(report)], bits != report.bits {
      report.problem = Self.otherBits
    }
    return report
  }

  /// A whole model, layer by layer.
  mutating func check(model: ValidationModel) async throws {
    let begin = ContinuousClock.now
    let reports = await reports(of: model)
    let seconds = (ContinuousClock.now - begin).seconds / Double(reports.count)
    for report in reports { try add(report, seconds: seconds) }
    try summarise("Model")
  }

  private func reports(of model: ValidationModel) async -> [Validator.Report] {
    if let loss { return [.notRun("Model", model.folder, loss)] }
    var plan = plan
    plan.activations = modelActivations
    do {
      return model.reports(
        of: try await ModelComparison(
          model.files, prompt: model.prompt, count: ValidationModel.generated, device: device, plan: plan))
    } catch { return [.thrown("Model", model.folder, error)] }
  }

  /// - Parameter reason: why a whole model is left out, if one is.
  func end(withoutModel reason: String? = nil) throws {
    if let reason { try say("Model: left out: \(reason)") }
    let count = outcome.entries.count
    let verdict = outcome.failed == 0 && count > 0 ? "OK" : "FAIL"
    let seconds = String(format: "%.1f", (ContinuousClock.now - start).seconds)
    try say("\(count - outcome.failed)/\(count) cases passed in \(seconds) s: \(device.name): \(verdict)")
  }

  private mutating func add(
    _ report: Validator.Report, _ formats: Set<ElementFormat> = [], seconds: Double
  ) throws {
    outcome.entries.append(
      ValidationOutcome.Entry(report: report, formats: ElementFormat.names(formats), seconds: seconds))
    guard !report.isNotRun, showsCases || report.problem != nil else { return }
    var figures = String(format: "NMSE = %.2e <= %.2e", report.nmse, report.nmseBound)
    if let row = report.rowError, let value = report.valueError {
      figures += String(
        format: ", row error %.1e <= %.1e, value error %.1e <= %.1e", row, ResultErrors.rowBounds * report.bound, value,
        ResultErrors.valueBounds * report.bound)
    }
    figures += String(format: ", largest error %.2e: ", report.maxError)
    let verdict = report.problem == nil ? "OK" : "FAIL: \(report.summary)"
    try say("  \(report.family)(\(report.name)): \(report.isCompared ? figures : "")\(verdict)")
    if report.problem != nil {
      var again = again
      if report.problem == Self.otherBits { again.subgroups = nil }
      try say("    again: \(again.command(report))")
    }
  }

  private func summarise(_ family: String) throws {
    let own = outcome.entries.filter { $0.report.family == family }
    let passed = own.count { $0.report.problem == nil }
    let notRun = own.count { $0.report.isNotRun }
    let worst = own.filter(\.report.isCompared).map(\.report.nmse).max() ?? 0
    let seconds = own.reduce(0) { $0 + $1.seconds }
    try say(
      "\(family): \(passed)/\(own.count) cases passed, \(notRun > 0 ? "\(notRun) not run, " : "")"
        + String(format: "largest NMSE %.2e, %.1f s", worst, seconds))
  }

  private func say(_ line: String) throws {
    if !isQuiet { try Terminal.output(line + "\n") }
  }
}
