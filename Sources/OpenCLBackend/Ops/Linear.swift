package import Backend
import OpenCL

extension OpenCLBackend {
  package func linear(
    _ x: Activation, _ weight: Matrix, options: LinearOptions<Vector>, rows: Int, into out: Activation
  ) throws {
    let layout = weight.layout
    precondition(layout.source.columns == x.columns && options.column + layout.source.rows <= out.columns)
    precondition(options.bias.map { $0.count == layout.source.rows } ?? true)
    var extras: [KernelFeature] = []
    if options.bias != nil { extras.append(KernelFeature("BIAS")) }
    if options.scale != 1 { extras.append(KernelFeature("SCALED")) }
    for segment in weight.segments {
      let first = segment.units.lowerBound * layout.unitFeatures
      let features = min(segment.units.count * layout.unitFeatures, layout.source.rows - first)
      let tokens = MatrixTile.tokens(rows: rows, strips: segment.units.count, units: plan.units)
      let tile = layout.style == .mma ? MatrixTile(tokens: tokens, columns: x.columns) : nil
      let (portable, rowsPerItem) = LaunchShape.linear(rows: rows, units: segment.units.count, plan)
      let shape = tile.map { $0.launch(strips: segment.units.count, blocks: rows.dividedUp(by: $0.tokens)) } ?? portable
      try launch(
        KernelKey(.linear, isBF16: layout.isBF16, tile: tile, features: extras), shape, x.buffer.view,
        segment.buffer.view, out.buffer.view, Int32(rows), Int32(x.columns), Int32(features), Int32(out.columns),
        Int32(options.column), Int32(first), Int32(options.accumulate ? 1 : 0), Int32(rowsPerItem),
        (options.bias?.buffer ?? x.buffer).view, options.scale)
    }
  }

  package func multiplyHeads(
    _ x: Activation, headSize: Int, _ weights: Matrix, rows: Int, into out: Activation
  ) throws {
    let source = weights.layout.source
    let outSize = source.rows + headSize - source.columns
    precondition(source.columns <= headSize && source.experts * headSize <= x.columns)
    precondition(source.experts * outSize <= out.columns)
    for segment in weights.segments {
      let perHead = weights.layout.unitsPerExpert
      let heads = segment.units.count / perHead
      try launch(
        KernelKey(.headProducts, isBF16: weights.layout.isBF16),
        .headProducts(rows: rows, units: perHead, heads: heads, plan), x.buffer.view, segment.buffer.view,
        out.buffer.view, Int32(rows), Int32(source.columns), Int32(source.rows), Int32(headSize), Int32(x.columns),
        Int32(out.columns), Int32(segment.units.lowerBound / perHead))
    }
  }
}
