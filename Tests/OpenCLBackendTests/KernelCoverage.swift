import Backend
import Kernels
import OpenCLBackend
import Testing

/// What the cases launch in one style: each of its kernels, with each format of weights.
struct KernelCoverage {
  /// A kernel in a file, such as `Linear/linear.cpu.cl: linear`.
  struct Entry: Hashable, CustomStringConvertible {
    var source: String
    var kernel: String

    var description: String { "Kernels/\(source): \(kernel)" }
  }

  private var launched: Set<Entry> = []
  private var formats: [String: Set<ElementFormat>] = [:]

  mutating func add(_ launches: [LaunchRecord]) {
    for launch in launches {
      launched.insert(Entry(source: launch.source, kernel: launch.kernel))
      if let format = launch.format { formats[launch.kernel, default: []].insert(format) }
    }
  }

  /// Expects that no kernel of the style, or of all styles, is left out, and no format by an op that reads weights.
  func expectAll(of style: KernelStyle, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let expected = try Self.entries(of: style)
    #expect(expected.count >= (style == .mma ? 8 : 10), sourceLocation: sourceLocation)
    #expect(launched.isSuperset(of: expected), "\(expected.subtracting(launched))", sourceLocation: sourceLocation)
    for kernel in ["embedding", "linear", "head_products", "gate_up", "down"] {
      let missing = Set(ElementFormat.weights).subtracting(formats[kernel] ?? [])
      #expect(missing.isEmpty, "\(kernel)", sourceLocation: sourceLocation)
    }
  }

  /// The entry points of `Kernels/` for a style, but for those in `Ceilings`, which `CeilingKernelTests` launches.
  static func entries(of style: KernelStyle) throws -> Set<Entry> {
    let paths = KernelLibrary.paths.filter { path in
      let isOfAnotherStyle = KernelStyle.allCases.contains { $0 != style && path.hasSuffix(".\($0).cl") }
      return path.hasSuffix(".cl") && !path.hasPrefix("Ceilings/") && !isOfAnotherStyle
    }
    return Set(
      try paths.flatMap { path in
        try KernelLibrary.file(path).matches(of: /__kernel[^{;]*?void\s+(\w+)\s*\(/).map {
          Entry(source: path, kernel: String($0.1))
        }
      })
  }
}
