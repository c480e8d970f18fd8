import Engine
import OpenCL
import OpenCLBackend
import Profiling
import Validation

/// Times cases by the device's clock, and puts them in relation to the device's ceilings.
struct ValidationTimes {
  enum Form { case text, csv, json }

  private struct Entry: Encodable {
    var device: String
    var op: String
    var name: String
    var microseconds: Double
    var gflops: Double?
    var gigabytesPerSecond: Double
    /// Of the ceiling that the case comes closest to.
    var share: Double?
    var limit: String?
  }

  private let device: Device
  private let plan: DevicePlan
  private let form: Form

  /// Runs of a case that count, behind one that does not.
  private static let repetitions = 5

  init(_ device: Device, _ plan: DevicePlan, form: Form) {
    self.device = device
    self.plan = plan
    self.form = form
  }

  func run(_ cases: [any OpCase]) throws {
    let progress = ProgressLine("measuring \(device.name)")
    let ceilings = try DeviceCeilings(of: device, groups: [.memory, .multiply]) { progress.step("measuring \($0)") }
    progress.finish()
    let reads = ceilings[.memoryRead]?.best
    let operations = ceilings[.multiplyF32]?.best
    let backend = try OpenCLBackend(device, plan: plan, profiling: true)
    var entries: [Entry] = []
    if form == .text {
      try say("\(device.name), driver \(device.driverVersion), \(plan.style) kernels")
      try say("ceilings: \(fixed((reads ?? 0) * 1e-9, 1)) GB/s, \(fixed((operations ?? 0) * 1e-9, 1)) GFLOP/s (f32)")
    } else if form == .csv {
      try say("device,op,case,us,gflops,gbps,share,limit")
    }
    for test in cases where test.rows > 0 {
      let seconds = try seconds(of: test, on: backend)
      let entry = entry(test, seconds, reads: reads, operations: operations)
      switch form {
      case .json: entries.append(entry)
      case .csv: try say(csv(entry))
      case .text: try say(text(entry))
      }
    }
    if form == .json { try printJSON(entries) }
  }

  /// The least that the launches of a run took together.
  private func seconds(of test: any OpCase, on backend: OpenCLBackend) throws -> Double {
    var best = Double.infinity
    for round in 0...Self.repetitions {
      _ = try backend.recorder?.take()
      _ = try test.run(backend, rows: 0..<test.rows)
      let total = try backend.recorder?.take().reduce(0) { $0 + $1.seconds } ?? 0
      if round > 0 { best = min(best, total) }
    }
    return best
  }

  private func entry(_ test: any OpCase, _ seconds: Double, reads: Double?, operations: Double?) -> Entry {
    let work = test.work
    let time = max(seconds, 1e-9)
    let memory = reads.map { work.bytes / time / $0 }
    let compute = work.operations > 0 ? operations.map { work.operations / time / $0 } : nil
    let isBoundByMemory = (memory ?? 0) >= (compute ?? 0)
    return Entry(
      device: device.name, op: test.family, name: test.name, microseconds: seconds * 1e6,
      gflops: work.operations > 0 ? work.operations / time * 1e-9 : nil, gigabytesPerSecond: work.bytes / time * 1e-9,
      share: isBoundByMemory ? memory : compute, limit: isBoundByMemory ? "memory" : "f32")
  }

  private func text(_ entry: Entry) -> String {
    var line = "  \(entry.op)(\(entry.name)): \(fixed(entry.microseconds, 1)) us"
    if let gflops = entry.gflops { line += ", \(fixed(gflops, 2)) GFLOP/s" }
    line += ", \(fixed(entry.gigabytesPerSecond, 2)) GB/s"
    if let share = entry.share, let limit = entry.limit { line += ", \(fixed(share * 100, 1)) % of \(limit)" }
    return line
  }

  private func csv(_ entry: Entry) -> String {
    func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }
    return [
      quoted(entry.device), entry.op, quoted(entry.name), fixed(entry.microseconds, 2),
      entry.gflops.map { fixed($0, 3) } ?? "", fixed(entry.gigabytesPerSecond, 3),
      entry.share.map { fixed($0, 4) } ?? "", entry.limit ?? "",
    ].joined(separator: ",")
  }

  private func say(_ line: String) throws { try Terminal.output(line + "\n") }
}

/// What `validate` prints without running anything.
enum ValidationText {
  static func list(_ cases: [any OpCase]) throws {
    try Terminal.output(cases.map { "\($0.family)(\($0.name))\n" }.joined())
    try Terminal.output("\(cases.count) cases\n")
  }

  /// Which kernels a device can run, and what stands in for what it lacks.
  static func support(_ devices: [Device]) throws {
    for device in devices {
      let report = DeviceReport(device)
      try Terminal.output("\(device.name), driver \(device.driverVersion)\n")
      for style in KernelStyle.allCases {
        let plan = DevicePlan(device, style: style)
        let note =
          style == report.plan.style
          ? "chosen"
          : style == .mma && plan.emulatesMatrixUnits ? "acted out, for checks: the device has no matrix units" : "runs"
        try Terminal.output("  \(style) kernels: \(report.isUsable ? note : "the device cannot be used")\n")
      }
      for capability in report.capabilities {
        try Terminal.output("  \(capability.isPresent ? "has  " : "lacks") \(capability.name): \(capability.used)\n")
      }
    }
  }
}
