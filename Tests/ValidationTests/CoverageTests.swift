import Backend
import Kernels
import OpenCL
import OpenCLBackend
import Testing
import Validation

/// Every kernel of the project is launched by some case, in every style, with every format of weights.
@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"), .serialized)
struct CoverageTests {
  /// A kernel in a file, such as `Linear/linear.cpu.cl: linear`.
  private struct Entry: Hashable, CustomStringConvertible {
    var source: String
    var kernel: String

    var description: String { "Kernels/\(source): \(kernel)" }
  }

  /// The entry points of the sources, but for those in `Ceilings`, which `CeilingKernelTests` launches.
  private static func entries() throws -> Set<Entry> {
    var entries: Set<Entry> = []
    for path in KernelLibrary.paths where path.hasSuffix(".cl") && !path.hasPrefix("Ceilings/") {
      for match in try KernelLibrary.file(path).matches(of: /__kernel[^{;]*?void\s+(\w+)\s*\(/) {
        entries.insert(Entry(source: path, kernel: String(match.1)))
      }
    }
    return entries
  }

  private static func launches(_ style: KernelStyle) throws -> [LaunchRecord] {
    let backend = try OpenCLBackend(devices[0], plan: DevicePlan(devices[0], style: style), profiling: true)
    var launches: [LaunchRecord] = []
    for test in Validator.cases where test.rows < 300 {
      _ = try test.run(backend, rows: 0..<test.rows)
      launches += try backend.recorder?.take() ?? []
    }
    return launches
  }

  @Test func everyKernelIsLaunched() throws {
    let entries = try Self.entries()
    #expect(entries.count > 25 && entries.contains(Entry(source: "Linear/linear.mma.cl", kernel: "linear")))
    var launched: Set<Entry> = []
    for style in KernelStyle.allCases {
      let records = try Self.launches(style)
      launched.formUnion(records.map { Entry(source: $0.source, kernel: $0.kernel) })
      // By every op that takes weights, all formats of weights; products of heads have none of blocks.
      for kernel in ["embedding", "linear", "gate_up", "down"] {
        let formats = Set(records.filter { $0.kernel == kernel }.compactMap(\.format))
        #expect(formats == Set(ElementFormat.weights), "\(kernel) in style \(style)")
      }
      let formats = Set(records.filter { $0.kernel == "head_products" }.compactMap(\.format))
      #expect(formats == Set(ElementFormat.weights), "head_products in style \(style)")
    }
    #expect(launched == entries, "not launched: \(entries.subtracting(launched))")
  }
}
