import Backend
import OpenCL

extension OpenCLBackend {
  package func experts(
    _ x: Activation, gateUp: Matrix, down: Matrix, routing: Routing, rows: Int, hidden: Activation,
    into out: Activation
  ) throws {
    let intermediate = gateUp.layout.features
    precondition(gateUp.layout.source.columns == x.columns && gateUp.layout.source.kind == .gated)
    precondition(down.layout.source.columns == intermediate && down.layout.source.rows == out.columns)
    precondition(gateUp.layout.source.experts == routing.experts && down.layout.source.experts == routing.experts)
    let slots = rows * routing.chosen
    try grouped(.gateUp, gateUp, slots: slots, routing, from: x, to: hidden)
    try grouped(.down, down, slots: slots, routing, from: hidden, to: out)
  }

  /// One launch a buffer of weights; each serves the experts, or the features of a single expert, that the buffer holds.
  private func grouped(
    _ name: KernelName, _ weights: Matrix, slots: Int, _ routing: Routing, from x: Activation, to out: Activation
  ) throws {
    let layout = weights.layout
    let entries = LaunchShape.entries(slots: slots, experts: routing.experts, plan)
    let tile =
      layout.style == .mma
      ? MatrixTile(
        tokens: LaunchShape.tileRows(slots: slots, experts: routing.experts, plan), columns: layout.source.columns)
      : nil
    let perExpert = layout.unitsPerExpert
    for segment in weights.segments {
      let units = min(segment.units.count, perExpert)
      let firstFeature = segment.units.lowerBound % perExpert * layout.unitFeatures
      try launch(
        KernelKey(name, chosen: routing.chosen, isBF16: layout.isBF16, tile: tile),
        tile?.launch(strips: units, blocks: entries) ?? .grouped(units: units, entries: entries, plan), x.buffer.view,
        segment.buffer.view, routing.slots.view, routing.tiles.view, out.buffer.view,
        Int32(layout.source.columns), Int32(layout.features), Int32(segment.units.lowerBound / perExpert),
        Int32(segment.units.count / units), Int32(firstFeature),
        Int32(min(units * layout.unitFeatures, layout.features - firstFeature)))
    }
  }

  package func combine(_ expertOut: Activation, routing: Routing, rows: Int, addingTo x: Activation) throws {
    precondition(expertOut.columns == x.columns)
    try launch(
      KernelKey(.combine, chosen: routing.chosen), .combine(rows: rows, columns: x.columns, plan), x.buffer.view,
      expertOut.buffer.view, routing.weights.view, Int32(x.columns))
  }
}
