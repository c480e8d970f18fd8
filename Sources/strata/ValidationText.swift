import Backend
import OpenCL
import OpenCLBackend
import Profiling
import Validation

/// What `validate` prints without running anything.
enum ValidationText {
  private struct ListedCase: Encodable {
    var op: String
    var name: String
    var formats: [String]
  }

  static func list(_ cases: [any OpCase], asJSON: Bool) throws {
    if asJSON {
      return try printJSON(
        cases.map { ListedCase(op: $0.family, name: $0.name, formats: ElementFormat.names($0.formats)) })
    }
    try Terminal.output(cases.map { "\($0.family)(\($0.name))\n" }.joined())
    try Terminal.output("\(cases.count) cases\n")
  }

  /// Which kernels devices can run, what each op takes, and what stands in for what they lack.
  static func support(_ devices: [Device], asJSON: Bool) throws {
    let found = devices.map(DeviceSupport.init)
    if asJSON { return try printJSON(found) }
    for device in found { try Terminal.output(device.lines.joined(separator: "\n") + "\n") }
  }
}

/// What a device can run.
private struct DeviceSupport: Encodable {
  struct Kernels: Encodable {
    var variant: String
    var note: String
  }

  struct Capability: Encodable {
    var name: String
    var isPresent: Bool
    var used: String
  }

  /// Formats that an op takes alike, and by which arithmetic in each variant.
  struct Op: Encodable {
    var op: String
    var formats: [String]
    var variants: [String: String]
  }

  var device: String
  var driver: String
  var kernels: [Kernels] = []
  var ops: [Op] = []
  var capabilities: [Capability] = []

  init(_ device: Device) {
    let report = DeviceReport(device)
    self.device = device.name
    driver = device.driverVersion
    let plans = KernelStyle.allCases.map { DevicePlan(device, style: $0) }
    for plan in plans {
      let note =
        plan.style == report.plan.style
        ? "chosen"
        : plan.style == .mma && plan.emulatesMatrixUnits
          ? "acted out, for checks: the device has no matrix units" : "runs"
      let subgroups = plan.subgroups.map { ", with \($0.name)" } ?? ""
      kernels.append(
        Kernels(
          variant: plan.style.rawValue, note: report.isUsable ? note + subgroups : "the device cannot be used"))
    }
    if report.isUsable { ops = OpFamily.allCases.flatMap { Self.ops($0, plans) } }
    capabilities = report.capabilities.map { Capability(name: $0.name, isPresent: $0.isPresent, used: $0.used) }
  }

  private static func ops(_ family: OpFamily, _ plans: [DevicePlan]) -> [Op] {
    var ops: [Op] = []
    for format in [nil] + ElementFormat.weights.map(Optional.some) {
      let variants = Dictionary(
        uniqueKeysWithValues: plans.compactMap { plan in
          plan.support(family, format).map { (plan.style.rawValue, $0.rawValue) }
        })
      if variants.isEmpty { continue }
      let names = format.map { [$0.name] } ?? []
      if let same = ops.firstIndex(where: { $0.variants == variants }) {
        ops[same].formats += names
      } else {
        ops.append(Op(op: family.rawValue, formats: names, variants: variants))
      }
    }
    return ops
  }

  var lines: [String] {
    let styles = KernelStyle.allCases.map(\.rawValue)
    let rows = ops.map { op in
      let formats = op.formats.isEmpty ? "none" : op.formats.joined(separator: " ")
      return [op.op] + styles.map { op.variants[$0] ?? "no" } + [formats]
    }
    let table = Table(rows: [["op"] + styles + ["weights"]] + rows, right: []).lines
    return ["\(device), driver \(driver)"] + kernels.map { "  \($0.variant) kernels: \($0.note)" }
      + (rows.isEmpty ? [] : table.map { "  \($0)" })
      + capabilities.map { "  \($0.isPresent ? "has  " : "lacks") \($0.name): \($0.used)" }
  }
}
