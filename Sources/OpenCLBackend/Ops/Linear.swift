import Backend
import OpenCL

extension OpenCLBackend {
  package func linear(_ x: Activation, _ weight: Matrix, rows: Int, into out: Activation, accumulate: Bool) throws {
    precondition(weight.columns == x.columns && weight.rows == out.columns)
    for segment in weight.segments {
      let layout = segment.layout
      let (units, features) = (segment.units.count, segment.features)
      let tokens = MatrixTile.tokens(rows: rows, strips: units, units: plan.units)
      let tile = layout.style == .mma ? MatrixTile(tokens: tokens, columns: x.columns) : nil
      let (portable, rowsPerItem) = LaunchShape.linear(rows: rows, units: units, features: features, plan)
      let shape = tile.map { $0.launch(strips: units, blocks: rows.dividedUp(by: $0.tokens)) } ?? portable
      try launch(
        KernelKey(.linear, format: layout.format, tile: tile), shape, x.buffer.view, segment.buffer.view,
        out.buffer.view, Int32(rows), Int32(x.columns), Int32(features), Int32(out.columns),
        Int32(segment.firstFeature), Int32(accumulate ? 1 : 0), Int32(rowsPerItem))
    }
  }
}
