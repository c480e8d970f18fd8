package import Backend
import OpenCL

extension OpenCLBackend {
  package func route(
    logits: Activation, rows: Int, options: RouterOptions, correction: Vector?, into routing: Routing
  ) throws {
    precondition(rows <= routing.rows && logits.columns == routing.experts && options.layer < routing.layers)
    routing.single = (0, 0, 0)
    if LaunchShape.routesTogether(rows: rows, chosen: routing.chosen, plan) {
      return try routeFew(logits: logits, rows: rows, options: options, correction: correction, into: routing)
    }
    try launch(
      KernelKey(
        .router, experts: routing.experts, chosen: routing.chosen,
        features: options.rule.features(hasCorrection: correction != nil)), .rows(rows, plan), logits.buffer.view,
      (correction?.buffer ?? logits.buffer).view, routing.indices.view, routing.weights.view,
      Int32(options.rule.renormalise ? 1 : 0), options.rule.scale)
    routing.counted = options
    routing.isGrouped = false
  }

  /// Router and grouping in one launch, with every expert at its own place.
  private func routeFew(
    logits: Activation, rows: Int, options: RouterOptions, correction: Vector?, into routing: Routing
  ) throws {
    let slots = rows * routing.chosen
    try launch(
      KernelKey(
        .routeFew, experts: routing.experts, chosen: routing.chosen,
        features: options.rule.features(hasCorrection: correction != nil)), .rows(1, plan), logits.buffer.view,
      (correction?.buffer ?? logits.buffer).view, routing.indices.view, routing.weights.view,
      Int32(options.rule.renormalise ? 1 : 0), options.rule.scale, routing.slots.view, routing.tiles.view,
      routing.loads.view, routing.uses.view, Int32(rows),
      Int32(LaunchShape.entries(slots: slots, experts: routing.experts, plan)),
      Int32(options.layer * 2 + options.phase.rawValue))
    routing.counted = options
    routing.isGrouped = true
  }

  package func choose(_ indices: [Int32], weights: [Float], options: RouterOptions?, into routing: Routing) throws {
    precondition(indices.count == weights.count && indices.count <= routing.rows * routing.chosen)
    routing.single = (0, 0, 0)
    if !indices.isEmpty {
      try separately { queue in
        try indices.withUnsafeBytes { try queue.write($0, to: routing.indices.view, at: 0) }
        try weights.withUnsafeBytes { try queue.write($0, to: routing.weights.view, at: 0) }
      }
    }
    routing.counted = options
    routing.isGrouped = false
  }

  package func routeAll(rows: Int, gate: Activation?, into routing: Routing) throws {
    precondition(rows <= routing.rows && routing.chosen == 1 && routing.experts == 1)
    if routing.single.rows < rows {
      try separately { try $0.fill(routing.indices.view, with: 0, byteCount: rows * 4) }
      routing.single.rows = rows
    }
    if let gate {
      routing.single.unitRows = 0
      try launch(
        KernelKey(.gateWeights), .gateWeights(rows: rows, plan), gate.buffer.view, routing.weights.view,
        Int32(gate.columns), Int32(rows))
    } else if routing.single.unitRows < rows {
      try separately { try $0.fill(routing.weights.view, with: Float(1).bitPattern, byteCount: rows * 4) }
      routing.single.unitRows = rows
    }
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

extension RouterRule {
  /// The macros of `Kernels/Routing/rule.clh`.
  func features(hasCorrection: Bool) -> [KernelFeature] {
    let number =
      switch scoring {
      case .softmax: 0
      case .chosenSoftmax: 1
      case .sigmoid: 2
      }
    var features = number == 0 ? [] : [KernelFeature("SCORING", number)]
    if hasCorrection { features.append(KernelFeature("CORRECTION")) }
    if let groups {
      features += [
        KernelFeature("GROUPS", groups.count), KernelFeature("KEPT_GROUPS", groups.kept),
        KernelFeature("GROUP_BEST", groups.best),
      ]
    }
    return features
  }
}
