package import Backend
import OpenCL

extension OpenCLBackend {
  package func loadMatrix(_ source: MatrixSource) throws -> Matrix {
    var segments: [Matrix.Segment] = []
    var first = 0
    for band in source.bands {
      segments += try load(band, firstRow: first)
      first += band.rows
    }
    return Matrix(
      kind: source.kind, rows: source.rows, columns: source.columns, expertCount: source.expertCount, segments: segments
    )
  }

  /// A matrix of one format, in as many buffers as its size asks for.
  private func load(_ source: MatrixSource, firstRow: Int) throws -> [Matrix.Segment] {
    let layout = WeightLayout(source, style: plan.style)
    // A segment holds whole experts, so that a grouped product finds an expert in one buffer; a single one is cut
    // between its units.
    let step = source.expertCount > 1 ? layout.unitsPerExpert : 1
    let unitsPerSegment = plan.maxAllocation / layout.unitBytes / step * step
    guard unitsPerSegment > 0 else {
      throw BackendError(
        "\(source.label): \(source.expertCount > 1 ? "an expert" : layout.unitName) of \(step * layout.unitBytes) bytes does "
          + "not fit into a buffer of the device, whose limit is \(plan.maxAllocation) bytes")
    }
    return try stride(from: 0, to: layout.unitCount, by: unitsPerSegment).map { start in
      let units = start..<min(start + unitsPerSegment, layout.unitCount)
      let buffer = try makeBuffer(byteCount: units.count * layout.unitBytes, label: source.label)
      try upload(source, layout, units: units, to: buffer)
      return Matrix.Segment(layout: layout, firstRow: firstRow, units: units, buffer: buffer)
    }
  }

  /// What a matrix of this shape takes on a device that is used so.
  package static func byteCount(
    rows: Int, columns: Int, kind: MatrixSource.Kind, format: ElementFormat, plan: DevicePlan
  ) -> Int {
    let shape = WeightLayout.MatrixShape(label: "", kind: kind, experts: 1, rows: rows, columns: columns)
    return WeightLayout(shape, format: format, style: plan.style).byteCount
  }

  /// Lays `units` out in the device's memory: through a mapping, or piece by piece through a small staging buffer.
  private func upload(
    _ source: MatrixSource, _ layout: WeightLayout, units: Range<Int>, to buffer: DeviceBuffer
  ) throws {
    if plan.mapsWeights {
      return try separately { queue in
        try queue.withMapped(buffer.view, at: 0, byteCount: units.count * layout.unitBytes) { bytes in
          layout.write(source, units: units, to: bytes)
        }
      }
    }
    let unitsPerPiece = max(1, Self.stagingBytes / layout.unitBytes)
    let staging = OwnedMemory(byteCount: min(unitsPerPiece, units.count) * layout.unitBytes)
    for start in stride(from: units.lowerBound, to: units.upperBound, by: unitsPerPiece) {
      let piece = start..<min(start + unitsPerPiece, units.upperBound)
      let bytes = UnsafeMutableRawBufferPointer(rebasing: staging.bytes[..<(piece.count * layout.unitBytes)])
      layout.write(source, units: piece, to: bytes)
      try separately { queue in
        try queue.write(
          UnsafeRawBufferPointer(bytes), to: buffer.view, at: (start - units.lowerBound) * layout.unitBytes)
      }
    }
  }

  private static var stagingBytes: Int { 16 << 20 }
}
