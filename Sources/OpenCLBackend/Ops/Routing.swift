package import Backend
import OpenCL

extension OpenCLBackend {
  package func route(logits: Activation, rows: Int, options: RouterOptions, into routing: Routing) throws {
    precondition(rows <= routing.rows && logits.columns == routing.experts && options.layer < routing.layers)
    if LaunchShape.routesTogether(rows: rows, chosen: routing.chosen, plan) {
      return try routeFew(logits: logits, rows: rows, options: options, into: routing)
    }
    try launch(
      KernelKey(.router, experts: routing.experts, chosen: routing.chosen), .rows(rows, plan), logits.buffer.view,
      routing.indices.view, routing.weights.view, Int32(options.renormalise ? 1 : 0))
    try group(rows: rows, load: options.layer * 2 + options.phase.rawValue, routing)
  }

  /// Router and grouping in one launch.
  private func routeFew(logits: Activation, rows: Int, options: RouterOptions, into routing: Routing) throws {
    let slots = rows * routing.chosen
    try launch(
      KernelKey(.routeFew, experts: routing.experts, chosen: routing.chosen), .rows(1, plan), logits.buffer.view,
      routing.indices.view, routing.weights.view, Int32(options.renormalise ? 1 : 0), routing.slots.view,
      routing.tiles.view, routing.loads.view, Int32(rows),
      Int32(LaunchShape.entries(slots: slots, experts: routing.experts, plan)),
      Int32(options.layer * 2 + options.phase.rawValue))
  }

  package func routeAll(rows: Int, into routing: Routing) throws {
    precondition(rows <= routing.rows)
    let bytes = rows * routing.chosen * 4
    try queue.fill(routing.indices.view, with: 0, byteCount: bytes)
    try queue.fill(routing.weights.view, with: Float(1).bitPattern, byteCount: bytes)
    try group(rows: rows, load: -1, routing)
  }

  /// Sorts the rows by expert, on the device.
  private func group(rows: Int, load: Int, _ routing: Routing) throws {
    guard rows > 0 else { return }
    let slots = rows * routing.chosen
    try launch(
      KernelKey(.group, experts: routing.experts, chosen: routing.chosen), .group(experts: routing.experts, plan),
      routing.indices.view,
      routing.slots.view, routing.tiles.view, routing.loads.view, Int32(slots),
      Int32(LaunchShape.entries(slots: slots, experts: routing.experts, plan)),
      Int32(LaunchShape.tileRows(slots: slots, experts: routing.experts, plan)), Int32(load))
  }
}
