import ArgumentParser
import Engine
import OpenCL
import OpenCLBackend
import Validation

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares every kernel with the plain reference, op by op.",
    discussion: """
      A case fails if a value is off, an element was not written, one outside was, or the same rows in another batch \
      have other bits.
      """)

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(help: "Only the op families whose name contains this.")
  var op: String?

  @Option(help: "The kernels to check: cpu, gpu or mma. Default: those that the device would run.")
  var variant: KernelStyle?

  @Flag(help: "Print every case, not only those that fail.")
  var verbose = false

  func run() throws {
    guard case .openCL(let device) = try DeviceSelection.find(device) else {
      throw EngineError("device reference is what the others are compared with; expected an OpenCL device")
    }
    let cases = Validator.cases.filter { op == nil || $0.family.lowercased().contains(op?.lowercased() ?? "") }
    guard !cases.isEmpty else {
      let families = Set(Validator.cases.map(\.family)).sorted().joined(separator: ", ")
      throw EngineError("op is \"\(op ?? "")\", expected a part of one of \(families)")
    }
    let plan = DevicePlan(device, style: variant)
    let backend = try OpenCLBackend(device, plan: plan)
    try output("\(device.name), driver \(device.driverVersion), \(plan.style.rawValue) kernels")
    var summaries: [Summary] = []
    for test in cases {
      let report = try Validator.check(test, on: backend)
      if verbose || report.problem != nil {
        try output(
          "  \(report.family) \(report.name): error \(report.error) of \(report.bound)  \(report.problem ?? "ok")")
      }
      if summaries.last?.family != report.family { summaries.append(Summary(family: report.family)) }
      summaries[summaries.count - 1].add(report)
    }
    for summary in summaries { try output(summary.line) }
    let failed = summaries.reduce(0) { $0 + $1.count - $1.passed }
    if failed > 0 { throw EngineError("device \"\(device.name)\" fails \(failed) of \(cases.count) cases") }
  }

  private func output(_ line: String) throws { try Terminal.output(line + "\n") }

  /// The cases of one op family.
  private struct Summary {
    var family: String
    var count = 0
    var passed = 0
    var worst = 0.0

    mutating func add(_ report: Validator.Report) {
      count += 1
      passed += report.problem == nil ? 1 : 0
      worst = max(worst, report.error)
    }

    var line: String { "\(family): \(passed) of \(count) cases pass, worst relative error \(worst)" }
  }
}

extension KernelStyle: ExpressibleByArgument {}
