import Backend
import Foundation

/// How a matrix lies in a device's memory: a sequence of units of equal size, those of one expert behind those of the
/// expert before. Of what a unit is made `Unit` tells.
struct WeightLayout {
  /// That of the plan, but `gpu` instead of `mma` for weights of heads.
  let style: KernelStyle
  let source: MatrixShape
  /// Of the elements on the device: that of the source, or f32 if it has several.
  let format: ElementFormat

  enum Unit {
    /// `Kernels/Common/panels.clh`; in a gated matrix one of the gate and the one of the up projection that it meets.
    case panel
    /// A row, or in a gated matrix a pair of rows (`Kernels/Common/weights.clh`).
    case row
    /// `Kernels/Common/fragments.clh`.
    case strip
  }

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
      format: source.format, style: style)
  }

  init(_ shape: MatrixShape, format: ElementFormat, style: KernelStyle) {
    self.style = style == .mma && shape.kind == .heads ? .gpu : style
    source = shape
    self.format = format
  }

  /// Blocks lie in panels for every style.
  var unit: Unit {
    switch style {
    case .cpu: .panel
    case .gpu: format.block == nil ? .row : .panel
    case .mma: format.block == nil ? .strip : .panel
    }
  }

  /// Rows of the matrix that make one feature of the product: in a gated matrix one of the gate and one of the up projection.
  var rowsPerFeature: Int { source.kind == .gated ? 2 : 1 }

  /// Features of one expert's product.
  var features: Int { source.rows / rowsPerFeature }

  /// Features in a unit; a gated strip holds half of one of the gate, and the half of the up projection that it meets.
  var unitFeatures: Int {
    switch unit {
    case .panel: DevicePlan.panel
    case .row: 1
    case .strip: Self.stripRows / rowsPerFeature
    }
  }

  /// Rows of a strip.
  static let stripRows = 16

  /// What a unit is, for messages.
  var unitName: String {
    switch unit {
    case .panel: "a panel"
    case .row: "a row"
    case .strip: "a strip"
    }
  }

  var unitsPerExpert: Int { features.dividedUp(by: unitFeatures) }

  var unitCount: Int { unitsPerExpert * source.experts }

  var unitBytes: Int {
    switch unit {
    case .panel: rowsPerFeature * panelBytes
    case .row: rowsPerFeature * rowBytes
    case .strip: format.matrixPieces * pieceColumns * 2 * Self.stripRows
    }
  }

  private var rowBytes: Int { format.rowBytes(source.columns) }

  /// Where there are no blocks k's are padded to an even number.
  private var panelBytes: Int {
    format.rowBytes(format.block == nil ? source.columns.roundedUp(to: 2) : source.columns) * DevicePlan.panel
  }

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
        switch self.unit {
        case .panel:
          for part in 0..<rowsPerFeature {
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[part * panelBytes..<(part + 1) * panelBytes])
            writePanel(matrix, expert: expert, firstRow: part * features + unit * DevicePlan.panel, to: target)
          }
        case .row:
          for part in 0..<rowsPerFeature {
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[part * rowBytes..<(part + 1) * rowBytes])
            writeRow(matrix, expert: expert, row: part * features + unit, to: target)
          }
        case .strip: writeStrip(matrix, expert: expert, strip: unit, to: bytes)
        }
      }
    }
  }

  private func writeRow(_ matrix: MatrixSource, expert: Int, row: Int, to target: UnsafeMutableRawBufferPointer) {
    let (tensor, place) = matrix.locate(expert: expert, row: row)
    if tensor.format == format {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: tensor.bytes[place * rowBytes..<(place + 1) * rowBytes]))
    } else if let base = target.assumingMemoryBound(to: Float.self).baseAddress {
      tensor.readRow(at: place, columns: source.columns, into: base)
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
}
