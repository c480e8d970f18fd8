package import Backend
package import OpenCL

/// The families of kernels. They differ in layout of weights and in what a work-item does, not in a number.
package enum KernelStyle: String, Sendable, CaseIterable, Codable {
  /// A work-item is a thread of work with vectors of its own: panels of weights, register tiles, no local memory.
  case cpu
  /// A work-group shares its operands through local memory; a work-item is one lane.
  case gpu
  /// The GPU style with its products on NVIDIA's matrix units (`Kernels/Common/mma.clh`), but for those of heads.
  case mma
}

/// How this backend uses one device: everything that is decided from the device's properties, and nothing from its name.
package struct DevicePlan: Sendable, Equatable {
  /// Which kernels run.
  package var style: KernelStyle
  /// f32 values in a vector of the CPU style: 4, 8 or 16.
  package var lanes: Int
  /// Work-items of a GPU-style product's group along rows; along features there are 16.
  package var threadsM: Int
  /// Work-items of a group that makes one row, in the GPU styles.
  package var rowGroup: Int
  /// Bytes of the largest buffer.
  package var maxAllocation: Int
  /// Weights are laid out in the device's own memory through a mapping, not through a staging buffer.
  package var mapsWeights: Bool
  /// The matrix instruction is acted out by plain code, on a device without it: for checks, slowly.
  package var emulatesMatrixUnits: Bool
  /// How work-items of the GPU styles read each other's registers; nil: they share values through local memory alone, and
  /// compute the same bits.
  package var subgroups: Subgroups?
  /// What products may take their activations as; those of `usedActivations` do.
  package var activations: ActivationPrecision
  /// Integer products may use the CPU's instruction for them, on its widest vectors.
  package var hasByteDots: Bool
  private var usesByteDots: Bool { hasByteDots && lanes == 16 }
  /// The same for products of bf16, where that takes numbers below 2⁻¹²⁶ for zero.
  package var hasBF16Dots: Bool
  package var usesBF16Dots: Bool { hasBF16Dots && lanes == 16 }
  /// Compute units: work is cut so that each has some.
  package var units: Int
  /// Launches that follow each other may be joined: work-groups run on threads, so that one may wait for others.
  package var joinsLaunches: Bool
  /// Key heads for each unit from which on a stage that attends prepares them, too.
  package var stageHeads = 4
  /// Bytes that a kernel's arguments may have.
  package var parameterBytes: Int
  /// Bytes ahead that the CPU style fetches weights for one and two rows; 0 where the processor does so better by itself.
  package var fetchBytes: Int
  /// How products are cut, where that was measured.
  package var tuning = Tuning()

  /// Features in a panel of the CPU style.
  package static let panel = 32
  /// Work-items of a group in the GPU style's other kernels.
  package static let group = 64
  package static let threadsN = 16
  /// Rows and features of one work-item in a GPU-style product.
  static let tileM = 4
  static let tileN = 4

  /// Rows and features of a group in a GPU-style product.
  package var blockM: Int { threadsM * Self.tileM }
  package var blockN: Int { Self.threadsN * Self.tileN }

  /// - Parameters:
  ///   - style: forces a family of kernels; all run on any device.
  ///   - maxAllocation: a smaller limit than the device's, to try how a smaller device is served.
  package init(_ device: Device, style: KernelStyle? = nil, maxAllocation: Int? = nil) {
    let hasMatrixUnits = style == nil || style == .mma ? MatrixUnits.areUsable(on: device) : false
    self.style = style ?? (device.kind == .cpu ? .cpu : hasMatrixUnits ? .mma : .gpu)
    emulatesMatrixUnits = !hasMatrixUnits
    lanes = [16, 8, 4].first { $0 <= device.nativeFloatWidth } ?? 4
    // The mma style's portable products, those of heads, have as many rows as its tiles.
    threadsM = self.style == .mma ? MatrixTile.mostTokens / Self.tileM : device.maxWorkGroupSize >= 128 ? 8 : 4
    rowGroup = device.maxWorkGroupSize >= 256 ? 256 : 64
    subgroups = self.style == .cpu ? nil : Subgroups.found(on: device)
    // Where a device does not tell, what OpenCL 1.2 guarantees.
    let reported = device.maxAllocation > 0 ? device.maxAllocation : 128 << 20
    self.maxAllocation = min(maxAllocation ?? .max, reported)
    mapsWeights = device.unifiedMemory
    units = max(device.computeUnits, 1)
    joinsLaunches = self.style == .cpu && device.kind == .cpu && device.hasLinker
    parameterBytes = device.maxParameterBytes
    hasByteDots = self.style == .cpu && DotInstruction.bytes.isUsable(on: device)
    hasBF16Dots = self.style == .cpu && DotInstruction.bf16.isUsable(on: device)
    // Of the CPUs that were measured: Zen 5 has the flag and reads twice as fast so, Zen 4 has not and reads a fifth slower.
    fetchBytes = device.kind == .cpu && CPUFlags.all.contains("avx_vnni") ? 8192 : 0
    activations = .float32
    if hasByteDots { activations.insert(.int8) }
    if hasBF16Dots { activations.insert(.bf16) }
  }

  /// Bytes of what joined launches need on the device besides, at most.
  package var stageBytes: Int { Stages.byteCount(self) }

  /// What this style has products for, besides those of f32.
  package var knownActivations: ActivationPrecision {
    switch style {
    case .cpu: [.int8, .bf16]
    case .gpu: .float32
    case .mma: .int8
    }
  }

  /// - Throws: `BackendError` that names what was asked for, if this style has no such products.
  package func check(_ asked: ActivationPrecision) throws(BackendError) {
    guard !knownActivations.isSuperset(of: asked) else { return }
    let known = ActivationPrecision.allNames.filter {
      ActivationPrecision(name: $0).map(knownActivations.isSuperset) ?? false
    }
    throw BackendError(
      "activations \(asked.name): kernels of style \(style) do not take them; expected \(known.joined(separator: " or "))"
    )
  }

  /// What products take their activations as.
  package var usedActivations: ActivationPrecision { activations.intersection(knownActivations) }

  /// What products of weights in this format take their activations as.
  package func form(for format: ElementFormat) -> ActivationForm { usedActivations.form(for: format) }

  /// Bytes of a row of so many columns (`Kernels/Common/codes.clh`, `Kernels/Common/bf16_rows.clh`).
  package func rowBytes(columns: Int, _ form: ActivationForm) -> Int {
    switch form {
    case .float32: columns * 4
    case .int8: columns / 32 * ((usesByteDots || style == .mma ? 32 : 128) + 16)
    case .bf16: (columns + 1) / 2 * 2 * (usesBF16Dots ? 2 : 4)
    }
  }

  /// The macros that all kernels of this plan are built with.
  var options: String {
    switch style {
    case .cpu:
      "-cl-std=CL1.2 -DLANES=\(lanes) -DPANEL=\(Self.panel)" + (usesByteDots ? " -DDOT_BYTES=1" : "")
        + (usesBF16Dots ? " -DBF16_DOTS=1" : "")
    case .gpu, .mma:
      "-cl-std=CL\(subgroups?.language ?? "1.2") -DTHREADS_M=\(threadsM) -DTHREADS_N=\(Self.threadsN) -DROW_GROUP=\(rowGroup)"
        + (style == .mma && emulatesMatrixUnits ? " -DMMA_EMULATED=1" : "") + (subgroups?.macros ?? "")
    }
  }
}
