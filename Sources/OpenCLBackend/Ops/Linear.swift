package import Backend
import OpenCL

extension OpenCLBackend {
  package func linear(
    _ x: Activation, _ weight: Matrix, options: LinearOptions<Vector>, rows: Int, into out: Activation
  ) throws {
    precondition(weight.columns == x.columns && options.column + weight.rows <= out.columns)
    precondition(options.bias.map { $0.count == weight.rows } ?? true)
    var extras: [KernelFeature] = []
    if options.bias != nil { extras.append(KernelFeature("BIAS")) }
    if options.scale != 1 { extras.append(KernelFeature("SCALED")) }
    defer { out.change() }
    for segment in weight.segments {
      let layout = segment.layout
      let (units, features) = (segment.units.count, segment.features)
      let cut = plan.tuning[.linear, layout.format, rows]
      let strips = layout.strips(units: units)
      let tokens = MatrixTile.tokens(rows: rows, strips: strips, units: plan.units)
      let tile =
        layout.style == .mma ? MatrixTile(tokens: tokens, columns: x.columns, format: layout.format) : nil
      let input = try input(x, rows: rows, for: layout.format, tile)
      let (portable, rowsPerItem) = LaunchShape.linear(
        rows: rows, units: units, features: features, plan, cut)
      let shape = tile.map { $0.launch(strips: strips, blocks: rows.dividedUp(by: $0.tokens)) } ?? portable
      try launch(
        KernelKey(
          .linear, format: layout.format, tile: tile,
          features: extras + plan.form(for: layout.format).features + cut.features(plan)),
        shape, input.view,
        segment.buffer.view, out.buffer.view, Int32(rows), Int32(x.columns), Int32(features), Int32(out.columns),
        Int32(options.column), Int32(segment.firstFeature), Int32(options.accumulate ? 1 : 0), Int32(rowsPerItem),
        (options.bias?.buffer ?? x.buffer).view, options.scale)
    }
  }

  package func multiplyHeads(
    _ x: Activation, headSize: Int, _ weights: Matrix, rows: Int, into out: Activation
  ) throws {
    let outSize = weights.rows + headSize - weights.columns
    precondition(weights.columns <= headSize && weights.expertCount * headSize <= x.columns)
    precondition(weights.expertCount * outSize <= out.columns)
    out.change()
    for segment in weights.segments {
      let perHead = segment.layout.unitsPerExpert
      let heads = segment.units.count / perHead
      try launch(
        KernelKey(.headProducts, format: segment.layout.format, features: Tuning.Cut().features(plan)),
        .headProducts(rows: rows, units: perHead, features: weights.rows, heads: heads, plan), x.buffer.view,
        segment.buffer.view, out.buffer.view, Int32(rows), Int32(weights.columns), Int32(weights.rows),
        Int32(headSize), Int32(x.columns), Int32(out.columns), Int32(segment.units.lowerBound / perHead))
    }
  }
}
