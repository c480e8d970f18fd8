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
    routing.counted = options
    routing.isGrouped = false
  }

  /// Router and grouping in one launch, with every expert at its own place.
  private func routeFew(logits: Activation, rows: Int, options: RouterOptions, into routing: Routing) throws {
    let slots = rows * routing.chosen
    try launch(
      KernelKey(.routeFew, experts: routing.experts, chosen: routing.chosen), .rows(1, plan), logits.buffer.view,
      routing.indices.view, routing.weights.view, Int32(options.renormalise ? 1 : 0), routing.slots.view,
      routing.tiles.view, routing.loads.view, routing.uses.view, Int32(rows),
      Int32(LaunchShape.entries(slots: slots, experts: routing.experts, plan)),
      Int32(options.layer * 2 + options.phase.rawValue))
    routing.counted = options
    routing.isGrouped = true
  }

  package func routeAll(rows: Int, into routing: Routing) throws {
    precondition(rows <= routing.rows)
    let bytes = rows * routing.chosen * 4
    try queue.fill(routing.indices.view, with: 0, byteCount: bytes)
    try queue.fill(routing.weights.view, with: Float(1).bitPattern, byteCount: bytes)
    routing.counted = nil
    routing.isGrouped = false
  }

  /// Sorts the rows by expert, on the device; those of experts without a place are left out.
  ///
  /// - Parameter isCounted: whether this is the first sorting of what the router chose.
  func group(rows: Int, places: DeviceBuffer, isCounted: Bool, _ routing: Routing) throws {
    let slots = rows * routing.chosen
    let load = isCounted ? routing.counted.map { $0.layer * 2 + $0.phase.rawValue } : nil
    try launch(
      KernelKey(.group, experts: routing.experts, chosen: routing.chosen), .group(experts: routing.experts, plan),
      routing.indices.view, places.view, routing.slots.view, routing.tiles.view, routing.loads.view, routing.uses.view,
      Int32(slots),
      Int32(LaunchShape.entries(slots: slots, experts: routing.experts, plan)),
      Int32(LaunchShape.tileRows(slots: slots, experts: routing.experts, plan)),
      Int32(load ?? -1))
  }
}
