import Backend
import OpenCL

/// The rows of an activation in a form that products take.
struct Rounding {
  let form: ActivationForm
  let buffer: DeviceBuffer
  /// So many of the first rows are those of the activation.
  var rows = 0
}

extension OpenCLBackend {
  /// The first `rows` rows of `x` as products with weights in this format take them, rounded now unless what wrote `x` has.
  ///
  /// - Parameter tile: of a product on matrix units.
  func input(_ x: Activation, rows: Int, for format: ElementFormat, _ tile: MatrixTile?) throws -> DeviceBuffer {
    let form = plan.form(for: format)
    if let tile, !tile.takesRounded { return x.buffer }
    guard let index = try roundingIndex(of: x, form) else { return x.buffer }
    let rounding = x.roundings[index]
    if rounding.rows < rows {
      try launch(
        KernelKey(form == .int8 ? .quantise : .roundRows), .rounding(rows: rows, columns: x.columns, plan),
        x.buffer.view, rounding.buffer.view, Int32(x.columns))
      x.roundings[index].rows = rows
    }
    return rounding.buffer
  }

  /// The place of one of `x`'s roundings, for which there is room then; nil for f32.
  func roundingIndex(of x: Activation, _ form: ActivationForm) throws -> Int? {
    guard form != .float32 else { return nil }
    if let index = x.roundings.firstIndex(where: { $0.form == form }) { return index }
    let bytes = x.rows * plan.rowBytes(columns: x.columns, form)
    x.roundings.append(Rounding(form: form, buffer: try makeBuffer(byteCount: bytes, label: "rounded activations")))
    return x.roundings.count - 1
  }
}

extension OpenCLBackend.Activation {
  /// What a kernel that writes the rows makes of them besides, if they are whole groups; nil for nothing, as in the GPU styles.
  func besides(wholeGroups: Bool, _ plan: DevicePlan) -> Rounding? {
    wholeGroups && plan.style == .cpu ? roundings.first : nil
  }

  /// `rows` rows were written, and made besides.
  func change(rows: Int, made: Rounding?) {
    change()
    if let made, let index = roundings.firstIndex(where: { $0.form == made.form }) { roundings[index].rows = rows }
  }
}

extension Rounding {
  /// Values that kernels make together (`Kernels/Common/made_rows.clh`).
  static let group = 32

  /// What the kernel that makes it is built with.
  var features: [KernelFeature] { form == .int8 ? [.codes] : [.bf16Rows] }
}

extension ActivationForm {
  /// What the product that takes it is built with.
  var features: [KernelFeature] {
    switch self {
    case .float32: []
    case .int8: [.integer]
    case .bf16: [.bf16X]
    }
  }
}
