import Backend
import Engine
import Foundation
import Models
import OpenCL
import OpenCLBackend
import Reference
import Validation

/// What came of the cases on a device.
struct ValidationOutcome: Encodable {
  struct Entry: Encodable {
    var report: Validator.Report
    var seconds: Double

    private enum Key: String, CodingKey {
      case op, name, nmse, ok, problem, seconds
      case nmseBound = "nmse_bound", rowError = "row_error", valueError = "value_error", maxError = "max_error"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(report.family, forKey: .op)
      try container.encode(report.name, forKey: .name)
      // JSON has no infinity.
      try container.encode(report.nmse.isFinite ? report.nmse : nil, forKey: .nmse)
      try container.encode(report.nmseBound, forKey: .nmseBound)
      try container.encodeIfPresent(report.rowError.flatMap { $0.isFinite ? $0 : nil }, forKey: .rowError)
      try container.encodeIfPresent(report.valueError.flatMap { $0.isFinite ? $0 : nil }, forKey: .valueError)
      try container.encode(report.maxError.isFinite ? report.maxError : nil, forKey: .maxError)
      try container.encode(report.problem == nil, forKey: .ok)
      try container.encodeIfPresent(report.problem, forKey: .problem)
      try container.encode(seconds, forKey: .seconds)
    }
  }

  var device: String
  var platform: String
  var driver: String
  var kernels: String
  var entries: [Entry] = []

  var failed: Int { entries.count { $0.report.problem != nil } }
}

/// Checks cases on one device, and says what comes of each.
struct ValidationRun {
  /// How to run the cases again.
  struct Repeat {
    var index: Int
    var selection: CaseSelection
  }

  private let device: Device
  private let plan: DevicePlan
  private let again: Repeat
  private let start = ContinuousClock.now
  private(set) var outcome: ValidationOutcome
  /// Nothing is printed.
  var isQuiet = false
  /// Those that pass are shown, too.
  var showsCases = true

  init(_ device: Device, plan: DevicePlan, again: Repeat) {
    self.device = device
    self.plan = plan
    self.again = again
    outcome = ValidationOutcome(
      device: device.name, platform: "\(device.platformName), \(device.platformVersion)", driver: device.driverVersion,
      kernels: plan.style.rawValue)
  }

  /// Who computes: what a report of a failure needs.
  func begin() throws {
    try say("device \(again.index): \(device.name)")
    try say("  platform  \(outcome.platform)")
    try say("  driver    \(device.driverVersion); \(device.languageVersion)")
    try say(
      "  kernels   \(DeviceReport(device).plan.style == plan.style ? "" : "(not those it would choose) ")\(plan.style)")
  }

  mutating func check(_ cases: [any OpCase]) async throws {
    let backend = try OpenCLBackend(device, plan: plan, cache: ProgramCache(keepsBuilt: false))
    if let filter = OpFilter.ofProcess, !filter.families.isEmpty {
      try await check(cases, on: FilteredBackend(backend, filter))
    } else {
      try await check(cases, on: backend)
    }
  }

  private mutating func check<B: Backend>(_ cases: [any OpCase], on backend: B) async throws {
    let cases = cases.filter { device.keepsDenormals || !$0.needsDenormals }
    var expected = ExpectedResults(cases, backend.activations)
    let progress = ProgressLine("validating \(device.name)")
    for (index, test) in cases.enumerated() {
      let begin = ContinuousClock.now
      let report = try Validator.check(
        test, on: backend, expected: await expected.take(), keepsDenormals: device.keepsDenormals)
      try add(report, seconds: (ContinuousClock.now - begin).seconds)
      if !showsCases || isQuiet { progress.update(index + 1, cases.count) }
      if index + 1 == cases.count || cases[index + 1].family != test.family { try summarise(test.family) }
    }
    if !showsCases || isQuiet { progress.finish() }
  }

  /// The model in `folder`, 100 tokens of a prompt and 24 more.
  mutating func check(model folder: String) async throws {
    let files = try ModelFiles(path: folder)
    let vocabulary = files.description.vocabularySize
    let count = min(100, files.description.maxPositions - 24)
    guard count > 0 else { throw EngineError("\(folder): its context is too short to be compared") }
    let prompt = (0..<count).map { Int32(($0 * 7919 + 13) % vocabulary) }
    let begin = ContinuousClock.now
    let compared = try await ModelComparison(files, prompt: prompt, count: 24, device: device, plan: plan)
    let seconds = (ContinuousClock.now - begin).seconds / Double(compared.stages.count + 1)
    for stage in compared.stages {
      var report = Validator.Report(
        family: "Model", name: "\(folder) \(stage.name)", error: stage.error, bound: ModelComparison.bound)
      report.maxError = stage.maxError
      if !(stage.error <= report.bound) {
        report.problem = "relative error \(stage.error), expected at most \(report.bound)"
      }
      try add(report, seconds: seconds)
    }
    var greedy = Validator.Report(family: "Model", name: "\(folder) greedy tokens", error: 0, bound: 0)
    if !compared.agrees { greedy.problem = "tokens \(compared.tokens), expected \(compared.expectedTokens)" }
    try add(greedy, seconds: seconds)
    try summarise("Model")
  }

  func end() throws {
    let count = outcome.entries.count
    let verdict = outcome.failed == 0 ? "OK" : "FAIL"
    let seconds = String(format: "%.1f", (ContinuousClock.now - start).seconds)
    try say("\(count - outcome.failed)/\(count) cases passed in \(seconds) s: \(device.name): \(verdict)")
  }

  private mutating func add(_ report: Validator.Report, seconds: Double) throws {
    outcome.entries.append(ValidationOutcome.Entry(report: report, seconds: seconds))
    guard showsCases || report.problem != nil else { return }
    var figures = String(format: "NMSE = %.2e <= %.2e", report.nmse, report.nmseBound)
    if let row = report.rowError, let value = report.valueError {
      figures += String(
        format: ", row error %.1e <= %.1e, value error %.1e <= %.1e", row, ResultErrors.rowBounds * report.bound, value,
        ResultErrors.valueBounds * report.bound)
    }
    figures += String(format: ", largest error %.2e", report.maxError)
    let verdict = report.problem.map { "FAIL: \($0)" } ?? "OK"
    try say("  \(report.family)(\(report.name)): \(figures): \(verdict)")
    if report.problem != nil { try say("    again: \(command(report))") }
  }

  private func command(_ report: Validator.Report) -> String {
    var words = ["strata validate --device \(again.index) --variant \(plan.style)"]
    words.append("--op \(report.family)")
    if report.family != "Model" {
      words.append("--shape \"\(report.name)\"")
      if again.selection.randomCases > 0 {
        words.append("--seed \(again.selection.seed) --cases \(again.selection.randomCases)")
      }
    }
    return words.joined(separator: " ")
  }

  private func summarise(_ family: String) throws {
    let own = outcome.entries.filter { $0.report.family == family }
    let passed = own.count { $0.report.problem == nil }
    let worst = own.map(\.report.nmse).max() ?? 0
    let seconds = own.reduce(0) { $0 + $1.seconds }
    try say(
      "\(family): \(passed)/\(own.count) cases passed, "
        + String(format: "largest NMSE %.2e, %.1f s", worst, seconds))
  }

  private func say(_ line: String) throws {
    if !isQuiet { try Terminal.output(line + "\n") }
  }
}
