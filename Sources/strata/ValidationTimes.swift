import Engine
import OpenCL
import OpenCLBackend
import Profiling
import Validation

/// Times cases by the device's clock, and puts them in relation to the device's ceilings. What is so small that it stays in a
/// cache can be beyond the ceiling of memory.
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
    /// In words, where they are used.
    var subgroups: String?
  }

  let form: Form

  /// Runs of a case that count, behind one that does not.
  private static let repetitions = 5

  /// One document, whatever the number of devices.
  func run(_ cases: [any OpCase], _ devices: [(device: Device, plan: DevicePlan)]) throws {
    if form == .csv { try say("device,op,case,us,gflops,gbps,share,limit,subgroups") }
    let entries = try devices.flatMap { try run(cases, $0.device, $0.plan) }
    if form == .json { try printJSON(entries) }
  }

  private func run(_ cases: [any OpCase], _ device: Device, _ plan: DevicePlan) throws -> [Entry] {
    let progress = ProgressLine("measuring \(device.name)")
    let ceilings = try DeviceCeilings(of: device, groups: [.memory, .multiply]) { progress.step("measuring \($0)") }
    progress.finish()
    let reads = ceilings[.memoryRead]?.best
    let operations = ceilings[.multiplyF32]?.best
    let backend = try OpenCLBackend(device, plan: plan, profiling: true)
    if form == .text {
      let tuned = plan.tuning.cuts.isEmpty ? "" : ", tuned"
      let subgroups = plan.subgroups.map { ", \($0.name)" } ?? ""
      try say("\(device.name), driver \(device.driverVersion), \(plan.style) kernels\(subgroups)\(tuned)")
      try say("ceilings: \(fixed((reads ?? 0) * 1e-9, 1)) GB/s, \(fixed((operations ?? 0) * 1e-9, 1)) GFLOP/s (f32)")
    }
    return try cases.filter { $0.rows > 0 }.map { test in
      let entry = entry(device, plan, test, try seconds(of: test, on: backend), reads: reads, operations: operations)
      switch form {
      case .json: break
      case .csv: try say(csv(entry))
      case .text: try say(text(entry))
      }
      return entry
    }
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

  private func entry(
    _ device: Device, _ plan: DevicePlan, _ test: any OpCase, _ seconds: Double, reads: Double?, operations: Double?
  ) -> Entry {
    let work = test.work
    let time = max(seconds, 1e-9)
    let memory = reads.map { work.bytes / time / $0 }
    let compute = work.operations > 0 ? operations.map { work.operations / time / $0 } : nil
    let isBoundByMemory = (memory ?? 0) >= (compute ?? 0)
    return Entry(
      device: device.name, op: test.family, name: test.name, microseconds: seconds * 1e6,
      gflops: work.operations > 0 ? work.operations / time * 1e-9 : nil, gigabytesPerSecond: work.bytes / time * 1e-9,
      share: isBoundByMemory ? memory : compute, limit: isBoundByMemory ? "memory" : "f32",
      subgroups: plan.subgroups?.name)
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
      entry.share.map { fixed($0, 4) } ?? "", entry.limit ?? "", quoted(entry.subgroups ?? ""),
    ].joined(separator: ",")
  }

  private func say(_ line: String) throws { try Terminal.output(line + "\n") }
}
