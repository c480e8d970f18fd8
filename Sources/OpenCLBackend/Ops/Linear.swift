import Backend
import OpenCL

extension OpenCLBackend {
  package func linear(_ x: Activation, _ weight: Matrix, rows: Int, into out: Activation, accumulate: Bool) throws {
    let layout = weight.layout
    precondition(layout.source.columns == x.columns && layout.source.rows == out.columns)
    for segment in weight.segments {
      let first = segment.units.lowerBound * layout.unitFeatures
      let features = min(segment.units.count * layout.unitFeatures, layout.source.rows - first)
      let tokens = MatrixTile.tokens(rows: rows, strips: segment.units.count, units: plan.units)
      let tile = layout.style == .mma ? MatrixTile(tokens: tokens, columns: x.columns) : nil
      let (portable, rowsPerItem) = LaunchShape.linear(rows: rows, units: segment.units.count, plan)
      let shape = tile.map { $0.launch(strips: segment.units.count, blocks: rows.dividedUp(by: $0.tokens)) } ?? portable
      try launch(
        KernelKey(.linear, isBF16: layout.isBF16, tile: tile), shape, x.buffer.view, segment.buffer.view,
        out.buffer.view,
        Int32(rows), Int32(x.columns), Int32(features), Int32(out.columns), Int32(first), Int32(accumulate ? 1 : 0),
        Int32(rowsPerItem))
    }
  }
}
