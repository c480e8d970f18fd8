package import Backend

extension FilteredBackend {
  package func route(
    logits: Activation, rows: Int, options: RouterOptions, correction: Vector?, into routing: Routing
  ) throws {
    guard isFiltered(.routing) else {
      try device.route(
        logits: logits.device, rows: rows, options: options, correction: correction?.device, into: routing.device)
      return try tellReference(rows: rows, options, routing)
    }
    reference.route(
      logits: try lent(logits, rows: rows), rows: rows, options: options, correction: correction?.reference,
      into: routing.reference)
    try tellDevice(rows: rows, options, routing)
  }

  package func routeAll(rows: Int, gate: Activation?, into routing: Routing) throws {
    guard isFiltered(.routing) else {
      try device.routeAll(rows: rows, gate: gate?.device, into: routing.device)
      return try tellReference(rows: rows, nil, routing)
    }
    reference.routeAll(rows: rows, gate: try gate.map { try lent($0, rows: rows) }, into: routing.reference)
    try tellDevice(rows: rows, nil, routing)
  }

  package func choose(_ indices: [Int32], weights: [Float], options: RouterOptions?, into routing: Routing) throws {
    try device.choose(indices, weights: weights, options: options, into: routing.device)
    reference.choose(indices, weights: weights, options: options, into: routing.reference)
  }

  private func tellDevice(rows: Int, _ options: RouterOptions?, _ routing: Routing) throws {
    try device.choose(
      reference.readChoice(routing.reference, rows: 0..<rows),
      weights: reference.readWeights(routing.reference, rows: 0..<rows), options: options, into: routing.device)
  }

  private func tellReference(rows: Int, _ options: RouterOptions?, _ routing: Routing) throws {
    guard isFiltered(.experts) else { return }
    reference.choose(
      try device.readChoice(routing.device, rows: 0..<rows),
      weights: try device.readWeights(routing.device, rows: 0..<rows), options: options, into: routing.reference)
  }

  package func experts(
    _ x: Activation, _ experts: Experts, routing: Routing, rows: Int, hidden: Activation, into out: Activation
  ) throws {
    guard isFiltered(.experts) else {
      return try device.experts(
        x.device, experts.device, routing: routing.device, rows: rows, hidden: hidden.device, into: out.device)
    }
    let slots = rows * routing.reference.chosen
    let (between, made) = (try lent(hidden, rows: slots), try lent(out, rows: slots))
    reference.experts(
      try lent(x, rows: rows), experts.reference, routing: routing.reference, rows: rows, hidden: between, into: made)
    try giveBack(between, rows: 0..<slots, to: hidden)
    try giveBack(made, rows: 0..<slots, to: out)
  }

  package func combine(_ expertOut: Activation, routing: Routing, rows: Int, addingTo x: Activation) throws {
    guard isFiltered(.experts) else {
      return try device.combine(expertOut.device, routing: routing.device, rows: rows, addingTo: x.device)
    }
    let made = try lent(x, rows: rows)
    reference.combine(
      try lent(expertOut, rows: rows * routing.reference.chosen), routing: routing.reference, rows: rows, addingTo: made
    )
    try giveBack(made, rows: 0..<rows, to: x)
  }
}
