import Backend
import Kernels
import OpenCL

/// The kernels by the name of their function.
enum KernelName: String {
  case embedding, gather, linear, heads, attention, router, group, down, combine
  case rmsNorm = "rms_norm"
  case headProducts = "head_products"
  case quantise
  case roundRows = "round_rows"
  case gateWeights = "gate_weights"
  case gateUp = "gate_up"
  case routeFew = "route_few"
  case headsAttention = "heads_attention"

  /// The source below `Kernels/`.
  func path(_ style: KernelStyle, format: ElementFormat?) -> String {
    let style = style == .mma && !hasMatrixKernel(format) ? .gpu : style
    return switch self {
    case .embedding: "Embedding/embedding.\(style).cl"
    case .gather: "Embedding/gather.cl"
    case .rmsNorm: "Norm/rms_norm.\(style).cl"
    case .linear: "Linear/linear.\(style).cl"
    case .headProducts: "Linear/head_products.\(style == .cpu ? "cpu" : "gpu").cl"
    case .quantise: "Linear/quantise.\(style).cl"
    case .roundRows: "Linear/round_rows.cpu.cl"
    case .heads: "Attention/heads.\(style).cl"
    case .attention: "Attention/attention.\(style).cl"
    case .router: "Routing/router.\(style).cl"
    case .routeFew: "Routing/route_few.\(style == .cpu ? "cpu" : "gpu").cl"
    case .headsAttention: "Attention/heads_attention.cpu.cl"
    case .group: "Routing/group.\(style).cl"
    case .gateUp, .down:
      style == .cpu ? "Experts/\(rawValue).cpu.cl" : "Experts/experts.\(style).cl"
    case .combine: "Experts/combine.cl"
    case .gateWeights: "Routing/gate_weights.cl"
    }
  }

  /// Whether the mma style has a kernel of its own: of what reads weights by their format, and of activations in codes.
  private func hasMatrixKernel(_ format: ElementFormat?) -> Bool {
    switch self {
    case .attention, .heads, .linear, .quantise, .gateUp, .down: true
    case .embedding: format?.block == nil
    default: false
    }
  }
}

/// What a kernel is built for, besides the device; a macro that a kernel does not know stays nil.
struct KernelKey: Hashable {
  var name: KernelName
  /// HEAD_SIZE
  var headSize: Int?
  /// EXPERTS
  var experts: Int?
  /// CHOSEN
  var chosen: Int?
  /// FORMAT, of weights
  var format: ElementFormat?
  /// Of a product on matrix units.
  var tile: MatrixTile?
  /// In the mma style, the kernel is the GPU style's.
  var isPortable: Bool
  /// What the kernel does besides: what is not asked for is not in it.
  var features: [KernelFeature]

  init(
    _ name: KernelName, headSize: Int? = nil, experts: Int? = nil, chosen: Int? = nil, format: ElementFormat? = nil,
    tile: MatrixTile? = nil, isPortable: Bool = false, features: [KernelFeature] = []
  ) {
    self.name = name
    self.headSize = headSize
    self.experts = experts
    self.chosen = chosen
    self.format = format
    self.tile = tile
    self.isPortable = isPortable
    self.features = features
  }

  var macros: [String] {
    [
      headSize.map { "-DHEAD_SIZE=\($0)" }, experts.map { "-DEXPERTS=\($0)" }, chosen.map { "-DCHOSEN=\($0)" },
      format.map { "-DFORMAT=FORMAT_\($0.rawValue.uppercased())" }, tile?.macros,
    ].compactMap(\.self) + features.map(\.macro)
  }
}

/// An option of a kernel: a macro, that is, and its value.
struct KernelFeature: Hashable {
  let name: String
  let value: Int

  init(_ name: String, _ value: Int = 1) {
    self.name = name
    self.value = value
  }

  /// The product takes its activations in codes of eight bits.
  static let integer = KernelFeature("INTEGER")
  /// The product takes its activations in bf16.
  static let bf16X = KernelFeature("BF16_X")
  /// The norm's rows are first added up from those of experts.
  static let combined = KernelFeature("COMBINED")
  /// What the kernel makes is made in codes of eight bits, too, or instead.
  static let codes = KernelFeature("CODES")
  /// What the kernel makes is made in bf16, too, or instead.
  static let bf16Rows = KernelFeature("BF16_ROWS")

  var macro: String { "-D\(name)=\(value)" }
}

/// A built kernel; a class, since arguments are set in place.
final class DeviceKernel {
  var kernel: Kernel
  /// The source's path below `Kernels/`.
  let source: String

  init(_ kernel: consuming Kernel, source: String) {
    self.kernel = kernel
    self.source = source
  }
}

/// Builds each kernel once, when it is first wanted.
final class KernelTable {
  private let plan: DevicePlan
  private let cache: ProgramCache
  private let replacements: [String: String]
  private var kernels: [KernelKey: DeviceKernel] = [:]
  /// Told the source's path before each build, which may take a second.
  var willBuild: @Sendable (String) -> Void = { _ in }

  init(plan: DevicePlan, cache: ProgramCache, replacements: [String: String]) {
    self.plan = plan
    self.cache = cache
    self.replacements = replacements
  }

  /// Builds a product's kernels for all numbers of rows together, so that a later batch does not wait for one.
  ///
  /// - Throws: `OpenCLError` with the build log, `KernelLibraryError` for a source that cannot be read.
  func kernel(_ key: KernelKey, context: borrowing Context) throws -> DeviceKernel {
    if let known = kernels[key] { return known }
    if !plan.emulatesMatrixUnits {
      for tile in key.tile?.variants ?? [] where tile != key.tile {
        var variant = key
        variant.tile = tile
        _ = try build(variant, context: context)
      }
    }
    return try build(key, context: context)
  }

  private func build(_ key: KernelKey, context: borrowing Context) throws -> DeviceKernel {
    let path = path(key)
    willBuild("Kernels/\(path)")
    var kernel = try compile(key, plan, context)
    if let subgroups = plan.subgroups, !subgroups.fit(kernel) {
      var without = plan
      without.subgroups = nil
      kernel = try compile(key, without, context)
    }
    let built = DeviceKernel(kernel, source: path)
    kernels[key] = built
    return built
  }

  private func compile(_ key: KernelKey, _ plan: DevicePlan, _ context: borrowing Context) throws -> Kernel {
    let part = try part(key, plan)
    let program = try cache.program(context, source: part.source, options: part.options, label: part.label)
    return try Kernel(program, name: key.name.rawValue)
  }

  /// Builds a kernel of stages.
  func stages(_ source: StagesSource, context: borrowing Context) throws -> Kernel {
    willBuild("Kernels/\(StagesSource.path)")
    let parts = try source.parts(
      source: { try KernelLibrary.source($0, replacements: replacements) }, part: { try part($0, plan) },
      options: plan.options)
    let program = try cache.program(context, linking: parts, label: "Kernels/\(StagesSource.path)")
    return try Kernel(program, name: StagesSource.kernelName)
  }

  private func path(_ key: KernelKey) -> String {
    key.name.path(key.isPortable && plan.style == .mma ? .gpu : plan.style, format: key.format)
  }

  private func part(_ key: KernelKey, _ plan: DevicePlan) throws -> ProgramPart {
    let path = path(key)
    var options = [plan.options] + key.macros
    if key.name == .combine, plan.style == .cpu { options.append("-DSPAN=\(LaunchShape.combineSpan)") }
    // What decodes a block takes vectors in the CPU style; elsewhere a work-item is one lane, and two features wide on matrix
    // units.
    if key.format?.block != nil, plan.style != .cpu { options.append("-DLANES=\(key.tile == nil ? 1 : 2)") }
    return ProgramPart(
      source: try KernelLibrary.source(path, replacements: replacements), options: options.joined(separator: " "),
      label: "Kernels/\(path)")
  }
}
