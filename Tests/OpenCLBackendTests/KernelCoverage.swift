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

  /// A macro that is set for some launches of a kernel.
  struct Variant: Hashable, CustomStringConvertible {
    var kernel: String
    var feature: String
    var isSet: Bool

    var description: String { "\(kernel) \(isSet ? "with" : "without") \(feature)" }
  }

  /// A product on matrix units, for so many tokens at once.
  struct Tile: Hashable, CustomStringConvertible {
    var kernel: String
    var format: ElementFormat
    var tokens: String
    /// Of activations of eight bits.
    var isInteger: Bool

    var description: String { "\(kernel) \(format.name) \(tokens)\(isInteger ? " INTEGER" : "")" }
  }

  /// The macros that change what a kernel does, by its name. Those of rounded activations are the CPU style's, but for
  /// INTEGER, which `expectMatrixIntegers` looks for.
  private static let features = [
    "linear": ["BIAS", "SCALED"], "gate_up": ["BIAS"], "down": ["BIAS"],
    "heads": ["SHARED", "NORM_SIZE", "CLIP", "NEIGHBOURS"], "attention": ["WINDOW", "SINKS", "SHARED"],
  ]
  private static let cpuFeatures = [
    "heads_attention": ["WINDOW", "SINKS", "SHARED", "NORM_SIZE", "NEIGHBOURS"]
  ]
  /// In the styles for GPUs.
  private static let groupFeatures = ["heads": ["WIDE"], "rms_norm": ["COMBINED"]]
  private static let int8Features = [
    "linear": ["INTEGER"], "gate_up": ["INTEGER", "CODES"], "down": ["INTEGER"],
    "rms_norm": ["CODES"], "attention": ["CODES"], "heads_attention": ["CODES"],
  ]
  private static let bf16Features = [
    "linear": ["BF16_X"], "gate_up": ["BF16_X", "BF16_ROWS"], "down": ["BF16_X"],
    "rms_norm": ["BF16_ROWS"], "attention": ["BF16_ROWS"], "heads_attention": ["BF16_ROWS"],
  ]
  /// What rounds activations to eight bits, and to bf16.
  private static let roundingKernels = [("quantise", ActivationPrecision.int8), ("round_rows", .bf16)]

  /// Those that read weights.
  private static let weightKernels = ["embedding", "linear", "head_products", "gate_up", "down"]

  private var launched: Set<Entry> = []
  private var variants: Set<Variant> = []
  private var formats: [String: Set<ElementFormat>] = [:]
  private var tiles: Set<Tile> = []

  mutating func add(_ launches: [LaunchRecord]) {
    for launch in launches {
      launched.insert(Entry(source: launch.source, kernel: launch.kernel))
      for table in [Self.features, Self.cpuFeatures, Self.groupFeatures, Self.int8Features, Self.bf16Features] {
        for feature in table[launch.kernel] ?? [] {
          variants.insert(
            Variant(kernel: launch.kernel, feature: feature, isSet: launch.features.contains(feature)))
        }
      }
      guard let format = launch.format else { continue }
      formats[launch.kernel, default: []].insert(format)
      for macro in launch.features where macro.hasPrefix("TOKENS=") {
        let isInteger = launch.features.contains("INTEGER")
        tiles.insert(Tile(kernel: launch.kernel, format: format, tokens: macro, isInteger: isInteger))
      }
    }
  }

  /// Expects that no kernel of the style, or of all styles, is left out, nor a variant of it, and no format by an op that reads
  /// weights.
  /// - Parameter activations: what products take them as.
  func expectAll(
    of style: KernelStyle, activations: ActivationPrecision, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try Self.entries(of: style).filter { entry in
      Self.roundingKernels.first { $0.0 == entry.kernel }.map { activations.contains($0.1) } ?? true
    }
    #expect(expected.count >= (style == .mma ? 8 : 10), sourceLocation: sourceLocation)
    #expect(launched.isSuperset(of: expected), "\(expected.subtracting(launched))", sourceLocation: sourceLocation)
    let tables =
      [Self.features, style == .cpu ? Self.cpuFeatures : Self.groupFeatures]
      + (activations.contains(.int8) ? [Self.int8Features] : [])
      + (activations.contains(.bf16) ? [Self.bf16Features] : [])
    let wanted = tables.flatMap { table in
      table.flatMap { kernel, features in
        features.flatMap { feature in [true, false].map { Variant(kernel: kernel, feature: feature, isSet: $0) } }
      }
    }
    let left = Set(wanted).subtracting(variants)
    #expect(left.isEmpty, "\(left)", sourceLocation: sourceLocation)
    for kernel in Self.weightKernels {
      let missing = Set(ElementFormat.weights).subtracting(formats[kernel] ?? [])
      #expect(missing.isEmpty, "\(kernel)", sourceLocation: sourceLocation)
    }
    if style == .mma { expectMatrixTiles(of: ElementFormat.weights, isInteger: false, sourceLocation: sourceLocation) }
  }

  /// Expects products of blocks with activations of eight bits on matrix units, and what makes these.
  func expectMatrixIntegers(sourceLocation: SourceLocation = #_sourceLocation) {
    expectMatrixTiles(
      of: ElementFormat.weights.filter { $0.block != nil }, isInteger: true, sourceLocation: sourceLocation)
    #expect(launched.contains { $0.kernel == "quantise" }, sourceLocation: sourceLocation)
  }

  /// Expects every product on matrix units, for few, some and many rows.
  private func expectMatrixTiles(of formats: [ElementFormat], isInteger: Bool, sourceLocation: SourceLocation) {
    let expected = ["linear", "gate_up", "down"].flatMap { kernel in
      formats.flatMap { format in
        ["TOKENS=8", "TOKENS=16", "TOKENS=64"].map {
          Tile(kernel: kernel, format: format, tokens: $0, isInteger: isInteger)
        }
      }
    }
    let few = Set(expected).subtracting(tiles)
    #expect(few.isEmpty, "\(few)", sourceLocation: sourceLocation)
  }

  /// The entry points of `Kernels/` for a style, but for those in `Ceilings`, which `CeilingKernelTests` launches.
  static func entries(of style: KernelStyle) throws -> Set<Entry> {
    let paths = KernelLibrary.paths.filter { path in
      let isOfAnotherStyle = KernelStyle.allCases.contains { $0 != style && path.hasSuffix(".\($0).cl") }
      return path.hasSuffix(".cl") && !path.hasPrefix("Ceilings/") && !isOfAnotherStyle
    }
    return Set(
      try paths.flatMap { path in
        try KernelLibrary.file(path).matches(of: /(?:__kernel[^{;]*?void\s+|KERNEL\()(\w+)\s*[()]/).map {
          Entry(source: path, kernel: String($0.1))
        }
      })
  }
}
