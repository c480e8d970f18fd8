package import Backend

/// What computes an op.
package enum OpSupport: String, Sendable, CaseIterable {
  case float32 = "f32"
  /// Products of activations in codes of eight bits, and in bf16.
  case int8, bf16
  case matrixUnits = "matrix units"
}

extension DevicePlan {
  /// What computes an op on weights in a format, or without weights but vectors; nil where the op does not go with it.
  package func support(_ op: OpFamily, _ format: ElementFormat?) -> OpSupport? {
    guard op.hasWeights == (format != nil), format?.isWeight ?? true else { return nil }
    if op.kernel.path(style, format: format).hasSuffix(".mma.cl") { return .matrixUnits }
    let isProductOfRows = op == .linear || op == .experts
    guard isProductOfRows, let format else { return .float32 }
    return switch form(for: format) {
    case .float32: .float32
    case .int8: .int8
    case .bf16: .bf16
    }
  }

  /// Whether an op on weights in these formats does not take numbers below 2⁻¹²⁶ for zero, on a device that does not.
  package func keepsDenormals(_ op: OpFamily, _ formats: Set<ElementFormat>) -> Bool {
    !usesBF16Dots || !formats.contains { support(op, $0) == .bf16 }
  }
}

extension OpFamily {
  /// The one that does most of the work.
  fileprivate var kernel: KernelName {
    switch self {
    case .embedding: .embedding
    case .norm: .rmsNorm
    case .linear: .linear
    case .headProducts: .headProducts
    case .attention: .attention
    case .routing: .router
    case .experts: .gateUp
    }
  }

  fileprivate var hasWeights: Bool {
    switch self {
    case .embedding, .linear, .headProducts, .experts: true
    case .norm, .attention, .routing: false
    }
  }
}
