import Backend
import OpenCL

extension OpenCLBackend {
  package func experts(
    _ x: Activation, gateUp: Matrix, down: Matrix, routing: Routing, rows: Int, hidden: Activation,
    into out: Activation
  ) throws {
    let intermediate = gateUp.layout.source.rows / 2
    precondition(gateUp.layout.source.columns == x.columns && gateUp.layout.source.kind == .gated)
    precondition(down.layout.source.columns == intermediate && down.layout.source.rows == out.columns)
    precondition(gateUp.layout.source.experts == routing.experts && down.layout.source.experts == routing.experts)
    let entries = LaunchShape.entries(slots: rows * routing.chosen, experts: routing.experts, plan)
    try grouped(
      .gateUp, gateUp, features: intermediate, entries: entries, routing, from: x, to: hidden, intermediate)
    try grouped(.down, down, features: out.columns, entries: entries, routing, from: hidden, to: out, out.columns)
  }

  /// One launch a buffer of weights; each serves the experts that the buffer holds.
  private func grouped(
    _ name: KernelName, _ weights: Matrix, features: Int, entries: Int, _ routing: Routing, from x: Activation,
    to out: Activation, _ outColumns: Int
  ) throws {
    let layout = weights.layout
    guard layout.source.experts > 1 || weights.segments.count == 1 else {
      throw BackendError(
        "\(layout.source.label): \(layout.byteCount) bytes are more than the \(plan.maxAllocation) of the device's "
          + "largest buffer, and a dense MLP is not cut")
    }
    let units = plan.style == .cpu ? layout.unitsPerExpert : features
    for segment in weights.segments {
      try launch(
        KernelKey(name, chosen: routing.chosen, isBF16: layout.isBF16),
        .grouped(units: units, entries: entries, plan), x.buffer.view, segment.buffer.view, routing.slots.view,
        routing.tiles.view, out.buffer.view, Int32(layout.source.columns), Int32(outColumns),
        Int32(segment.units.lowerBound / layout.unitsPerExpert), Int32(segment.units.count / layout.unitsPerExpert))
    }
  }

  package func combine(_ expertOut: Activation, routing: Routing, rows: Int, addingTo x: Activation) throws {
    precondition(expertOut.columns == x.columns)
    try launch(
      KernelKey(.combine, chosen: routing.chosen), .combine(rows: rows, columns: x.columns, plan), x.buffer.view,
      expertOut.buffer.view, routing.weights.view, Int32(x.columns))
  }
}
