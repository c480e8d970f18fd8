import Backend
import Reference
import Testing

/// A reference backend with short ways to put numbers in.
struct ReferenceHarness {
  let backend = ReferenceBackend()

  /// [rows, columns] of these values; one row unless told.
  func activation(_ values: [Float], rows: Int = 1) -> ReferenceBackend.Activation {
    let made = backend.makeActivation(rows: rows, columns: values.count / rows, label: "test")
    backend.write(values, to: made, at: 0)
    return made
  }

  /// [rows, columns] of NaN.
  func empty(rows: Int, columns: Int) -> ReferenceBackend.Activation {
    backend.makeActivation(rows: rows, columns: columns, label: "test")
  }

  /// One matrix an expert, each given by its rows.
  func matrix(_ experts: [[[Float]]], kind: MatrixSource.Kind = .plain) throws -> ReferenceBackend.Matrix {
    backend.loadMatrix(try source(experts, kind: kind))
  }

  func experts(gateUp: [[[Float]]], down: [[[Float]]]) throws -> ExpertsSource {
    ExpertsSource(
      layer: 0, gateUp: try source(gateUp, kind: .gated), down: try source(down, kind: .plain), isDense: false)
  }

  private func source(_ experts: [[[Float]]], kind: MatrixSource.Kind) throws -> MatrixSource {
    let parts = experts.enumerated().map { index, rows in
      [
        HostTensor(
          name: "expert \(index)", format: .f32, shape: [rows.count, rows.first?.count ?? 0],
          values: rows.flatMap(\.self)
        )
      ]
    }
    return try MatrixSource(label: "test", kind: kind, parts: parts)
  }

  func batch(_ layout: BatchLayout, cache: KVCacheShape) throws -> ReferenceBackend.Batch {
    try backend.prepare(layout, vocabulary: 1000, cache: cache)
  }
}

/// The largest difference, absolute, for numbers around 1.
func difference(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count, !found.contains(where: \.isNaN) else { return .infinity }
  return zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
}
