import Backend
import Foundation

/// How a matrix lies in a device's memory: a sequence of units of equal size, those of one expert behind those of the
/// expert before. A unit is a panel (`Kernels/Common/panels.clh`), a row or pair of rows (`Kernels/Common/weights.clh`), or
/// a strip (`Kernels/Common/fragments.clh`).
struct WeightLayout {
  /// That of the plan, but for f32 weights and those of heads `gpu` instead of `mma`.
  let style: KernelStyle
  let source: MatrixShape
  /// Elements are bf16, else f32.
  let isBF16: Bool

  /// What is kept of a `MatrixSource` once its weights are on the device.
  struct MatrixShape {
    let label: String
    let kind: MatrixSource.Kind
    let experts: Int
    let rows: Int
    let columns: Int
  }

  init(_ source: MatrixSource, style: KernelStyle) {
    self.init(
      MatrixShape(
        label: source.label, kind: source.kind, experts: source.expertCount, rows: source.rows, columns: source.columns),
      isBF16: source.format == .bf16, style: style)
  }

  init(_ shape: MatrixShape, isBF16: Bool, style: KernelStyle) {
    self.style = style == .mma && (!isBF16 || shape.kind == .heads) ? .gpu : style
    source = shape
    self.isBF16 = isBF16
  }

  private var elementBytes: Int { isBF16 ? 2 : 4 }

  /// Rows of the matrix that make one feature of the product: in a gated matrix one of the gate and one of the up projection.
  private var rowsPerFeature: Int { source.kind == .gated ? 2 : 1 }

  /// Features of one expert's product.
  var features: Int { source.rows / rowsPerFeature }

  /// Features in a unit; a gated panel or strip holds half of one of the gate, and the half of the up projection that it
  /// meets.
  var unitFeatures: Int {
    switch style {
    case .cpu: DevicePlan.panel / rowsPerFeature
    case .gpu: 1
    case .mma: Self.stripRows / rowsPerFeature
    }
  }

  /// Rows of a strip.
  static let stripRows = 16

  /// What a unit is, for messages.
  var unitName: String {
    switch style {
    case .cpu: "a panel"
    case .gpu: "a row"
    case .mma: "a strip"
    }
  }

  var unitsPerExpert: Int { features.dividedUp(by: unitFeatures) }

  var unitCount: Int { unitsPerExpert * source.experts }

  var unitBytes: Int {
    switch style {
    case .cpu: source.columns.roundedUp(to: 2) * DevicePlan.panel * elementBytes
    case .gpu: rowsPerFeature * rowBytes
    case .mma: source.columns.roundedUp(to: 16) * Self.stripRows * elementBytes
    }
  }

  private var rowBytes: Int { source.columns * elementBytes }

  var byteCount: Int { unitCount * unitBytes }

  /// Writes `units` (counted through all experts) of `matrix` to `target`, on all cores.
  func write(_ matrix: MatrixSource, units: Range<Int>, to target: UnsafeMutableRawBufferPointer) {
    nonisolated(unsafe) let target = target
    let chunk = max(1, (1 << 20) / unitBytes)
    DispatchQueue.concurrentPerform(iterations: units.count.dividedUp(by: chunk)) { index in
      let begin = units.lowerBound + index * chunk
      for unit in begin..<min(begin + chunk, units.upperBound) {
        let start = (unit - units.lowerBound) * unitBytes
        let bytes = UnsafeMutableRawBufferPointer(rebasing: target[start..<start + unitBytes])
        let (expert, unit) = unit.quotientAndRemainder(dividingBy: unitsPerExpert)
        switch style {
        case .cpu: writePanel(matrix, expert: expert, panel: unit, to: bytes)
        case .gpu:
          for part in 0..<rowsPerFeature {
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[part * rowBytes..<(part + 1) * rowBytes])
            writeRow(matrix, expert: expert, row: part * features + unit, to: target)
          }
        case .mma: writeStrip(matrix, expert: expert, strip: unit, to: bytes)
        }
      }
    }
  }

  private func writeRow(_ matrix: MatrixSource, expert: Int, row: Int, to target: UnsafeMutableRawBufferPointer) {
    let (tensor, row) = matrix.locate(expert: expert, row: row)
    if (tensor.format == .bf16) == isBF16, isBF16 || tensor.format == .f32 {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: tensor.bytes[row * rowBytes..<(row + 1) * rowBytes]))
    } else {
      let values = target.assumingMemoryBound(to: Float.self)
      for k in 0..<source.columns { values[k] = tensor.float(at: row * source.columns + k) }
    }
  }

  /// The row of the matrix that row `index` of a unit of `size` rows holds, or nil for padding.
  func row(unit: Int, size: Int, index: Int) -> Int? {
    switch source.kind {
    case .plain, .heads:
      let row = unit * size + index
      return row < source.rows ? row : nil
    case .gated:
      let half = size / 2
      let row = unit * half + index % half
      guard row < features else { return nil }
      return index < half ? row : features + row
    }
  }

  private func writePanel(_ matrix: MatrixSource, expert: Int, panel: Int, to target: UnsafeMutableRawBufferPointer) {
    for feature in 0..<DevicePlan.panel {
      let place = row(unit: panel, size: DevicePlan.panel, index: feature).map {
        matrix.locate(expert: expert, row: $0)
      }
      if isBF16 {
        writePairs(place, feature: feature, to: target.assumingMemoryBound(to: UInt32.self))
      } else {
        writeValues(place, feature: feature, to: target.assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// One feature of a bf16 panel: two k's in 32 bits, the even one below.
  private func writePairs(
    _ place: (tensor: HostTensor, row: Int)?, feature: Int, to target: UnsafeMutableBufferPointer<UInt32>
  ) {
    let pairs = source.columns.dividedUp(by: 2)
    guard let place else {
      for pair in 0..<pairs { target[pair * DevicePlan.panel + feature] = 0 }
      return
    }
    let start = place.row * source.columns * 2
    for pair in 0..<source.columns / 2 {
      target[pair * DevicePlan.panel + feature] = UInt32(
        littleEndian: place.tensor.bytes.loadUnaligned(fromByteOffset: start + pair * 4, as: UInt32.self))
    }
    if source.columns % 2 == 1 {
      let last = place.tensor.bytes.loadUnaligned(fromByteOffset: start + source.columns * 2 - 2, as: UInt16.self)
      target[(pairs - 1) * DevicePlan.panel + feature] = UInt32(last)
    }
  }

  private func writeValues(
    _ place: (tensor: HostTensor, row: Int)?, feature: Int, to target: UnsafeMutableBufferPointer<Float>
  ) {
    for k in 0..<source.columns.roundedUp(to: 2) {
      let value = k < source.columns ? place.map { $0.tensor.float(at: $0.row * source.columns + k) } ?? 0 : 0
      target[k * DevicePlan.panel + feature] = value
    }
  }
}
