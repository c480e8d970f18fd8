package import Backend
import OpenCL

extension OpenCLBackend {
  package func loadExperts(_ source: ExpertsSource) throws -> Experts {
    let gateUp = WeightLayout(source.gateUp, style: plan.style)
    let down = WeightLayout(source.down, style: plan.style)
    let place: Experts.Place =
      source.isDense
      ? .fixed(
        gateUp: try loadMatrix(source.gateUp), down: try loadMatrix(source.down),
        places: try makeBuffer((0..<Int32(source.expertCount)).map(\.self), label: "places of experts"))
      : stored(source, gateUp: gateUp, down: down)
    return Experts(
      gateUp: gateUp, down: down, place: place, activation: source.activation,
      biases: try source.biases.map { biases in
        let label = source.gateUp.label
        return (
          gateUp: try makeBuffer(biases.gateUp, label: "\(label) (biases)"),
          down: try makeBuffer(biases.down, label: "\(label) (biases of down)")
        )
      })
  }

  /// Adds a layer to the model's store; behind a model that is complete, another one begins.
  private func stored(_ source: ExpertsSource, gateUp: WeightLayout, down: WeightLayout) -> Experts.Place {
    let open: ExpertStore
    if let store, !store.isOpen {
      open = store
    } else {
      open = ExpertStore(expertMemory, plan: plan, context: shared) { [weak self] in try? self?.finish() }
      store = open
    }
    return .stored(open, open.add(source, gateUp: gateUp, down: down))
  }

  package func settleExperts() throws {
    store?.isRecording = recorder != nil
    try store?.open()
  }

  /// The experts' copies since the last call, if the backend was made for profiling.
  package func takeTransfers() -> [TransferRecord] { store?.takeTransfers() ?? [] }

  package func finishLoading() throws { try store?.finishLoading() }

  package func expect(_ forecast: IterationForecast) { store?.expect(forecast) }

  package var expertTransfers: ExpertTransfers { store?.transfers ?? ExpertTransfers() }

  package func byteCount(ofExpert experts: Experts) -> Int {
    (experts.gateUp.byteCount + experts.down.byteCount) / experts.gateUp.source.experts
  }

  package func experts(
    _ x: Activation, _ experts: Experts, routing: Routing, rows: Int, hidden: Activation, into out: Activation
  ) throws {
    guard rows > 0 else { return }
    out.change()
    let layout = experts.gateUp
    precondition(layout.source.columns == x.columns && layout.source.kind == .gated)
    precondition(experts.down.source.columns == layout.features && experts.down.source.rows == out.columns)
    precondition(layout.source.experts == routing.experts && experts.down.source.experts == routing.experts)
    let slots = rows * routing.chosen
    hidden.change()
    let input = try input(x, rows: rows, for: layout.format, tile(layout, slots: slots, routing))
    let rounding =
      plan.style == .cpu
      ? try roundingIndex(of: hidden, plan.form(for: experts.down.format)).map { hidden.roundings[$0] } : nil
    let made = layout.features % Rounding.group == 0 ? rounding : nil
    func products(_ gateUps: [Window], _ downs: [Window]) throws {
      for window in gateUps {
        try grouped(.gateUp, experts, window, slots: slots, routing, from: input, to: hidden.buffer, made)
      }
      if made == nil { hidden.change() }
      let middle =
        try made?.buffer
        ?? self.input(hidden, rows: slots, for: experts.down.format, tile(experts.down, slots: slots, routing))
      for window in downs { try grouped(.down, experts, window, slots: slots, routing, from: middle, to: out.buffer) }
    }
    func products(_ segments: [ExpertPool.Segment], from first: Int) throws {
      try products(
        segments.map { Window($0.gateUp, $0, layout, from: first) },
        segments.map { Window($0.down, $0, experts.down, from: first) })
    }
    switch experts.place {
    case .fixed(let gateUp, let down, let places):
      if routing.single.sortedRows != rows || isCollecting {
        try group(rows: rows, places: places, isCounted: true, routing)
        // What is only collected may never be launched, if something fails before.
        routing.single.sortedRows = isCollecting ? 0 : rows
      }
      try products(gateUp.windows, down.windows)
    case .stored(let store, let layer):
      if let home = try store.home(of: layer) {
        if !routing.isGrouped { try group(rows: rows, places: home.places, isCounted: true, routing) }
        return try products(home.segments, from: home.firstSlot)
      }
      // A router that has sorted the rows has counted them, too.
      var isCounted = routing.isGrouped
      let phase = routing.counted?.phase ?? .decode
      try separately { queue in
        try store.visit(
          layer, need: try need(layer, of: store, routing, rows: rows, phase), phase: phase, chosen: routing.chosen,
          queue: queue
        ) { places, segments in
          try group(rows: rows, places: places, isCounted: !isCounted, routing)
          isCounted = true
          try products(segments, from: 0)
        }
      }
    }
  }

  /// Which experts a pass needs: for many prompt rows all, without asking; else those that the router has chosen.
  private func need(
    _ layer: ExpertStore.Layer, of store: ExpertStore, _ routing: Routing, rows: Int, _ phase: Phase
  ) throws -> ExpertStore.Need {
    if phase == .prefill, store.bringsWholeLayers(layer, rows: rows, chosen: routing.chosen) { return .all }
    var isNeeded = [Bool](repeating: false, count: routing.experts)
    for expert in try readChoice(routing, rows: 0..<rows) { isNeeded[Int(expert)] = true }
    return .some(isNeeded.indices.filter { isNeeded[$0] })
  }

  /// The part of a grouped product's weights that lies in one buffer.
  struct Window {
    let buffer: BufferView
    /// Places of experts, of each of which it holds `units` units, whose first feature is `firstFeature`.
    let places: Range<Int>
    let units: Int
    let firstFeature: Int

    init(buffer: BufferView, places: Range<Int>, units: Int, firstFeature: Int) {
      self.buffer = buffer
      self.places = places
      self.units = units
      self.firstFeature = firstFeature
    }

    /// A segment of slots, whose places are counted from slot `first` on.
    init(_ memory: SlotMemory, _ segment: ExpertPool.Segment, _ layout: WeightLayout, from first: Int) {
      let places = segment.slots.lowerBound - first..<segment.slots.upperBound - first
      self.init(buffer: memory.view, places: places, units: layout.unitsPerExpert, firstFeature: 0)
    }
  }

  /// Serves the experts, or the features of a single expert, that a window holds; with `made`, rounds what would go to `out`.
  private func grouped(
    _ name: KernelName, _ weights: Experts, _ window: Window, slots: Int, _ routing: Routing, from x: DeviceBuffer,
    to out: DeviceBuffer, _ made: Rounding? = nil
  ) throws {
    let layout = name == .gateUp ? weights.gateUp : weights.down
    let bias = name == .gateUp ? weights.biases?.gateUp : weights.biases?.down
    var extras = bias == nil ? [] : [KernelFeature("BIAS")]
    var (alpha, limit) = (Float(0), Float(0))
    if case .clampedSwiGLU(let gain, let bound) = weights.activation, name == .gateUp {
      (alpha, limit) = (gain, bound)
      extras.append(KernelFeature("CLAMPED"))
    }
    extras += plan.form(for: layout.format).features + (made?.features ?? [])
    // How many rows an entry has follows from the grouping; its tiles' other sides are free.
    var cut = plan.tuning[.experts, layout.format, slots.dividedUp(by: routing.experts)]
    cut.tileM = nil
    extras += cut.features(plan)
    let entries = LaunchShape.entries(slots: slots, experts: routing.experts, plan)
    let tile = tile(layout, slots: slots, routing)
    let features = min(window.units * layout.unitFeatures, layout.features - window.firstFeature)
    // How many experts a row has is only of interest where rows are read.
    let chosen = name == .gateUp ? routing.chosen : nil
    let key = KernelKey(name, chosen: chosen, format: layout.format, tile: tile, features: extras)
    let shape =
      tile?.launch(strips: layout.strips(units: window.units), blocks: entries)
      ?? .grouped(units: window.units, features: features, entries: entries, plan, cut)
    try launch(
      key, shape, x.view, window.buffer, routing.slots.view, routing.tiles.view, out.view,
      Int32(layout.source.columns), Int32(layout.features), Int32(window.places.lowerBound),
      Int32(window.places.count), Int32(window.firstFeature), Int32(features), (bias ?? x).view, alpha, limit,
      last: made?.buffer.view)
  }

  /// Of a grouped product on matrix units.
  private func tile(_ layout: WeightLayout, slots: Int, _ routing: Routing) -> MatrixTile? {
    guard layout.style == .mma else { return nil }
    return MatrixTile(
      tokens: LaunchShape.tileRows(slots: slots, experts: routing.experts, plan), columns: layout.source.columns,
      format: layout.format)
  }
}

extension OpenCLBackend.Matrix {
  /// Its buffers, each with whole experts or a part of the only one.
  var windows: [OpenCLBackend.Window] {
    segments.map { segment in
      let layout = segment.layout
      let perExpert = layout.unitsPerExpert
      let units = min(segment.units.count, perExpert)
      let first = segment.units.lowerBound / perExpert
      return OpenCLBackend.Window(
        buffer: segment.buffer.view, places: first..<first + segment.units.count / units, units: units,
        firstFeature: segment.units.lowerBound % perExpert * layout.unitFeatures)
    }
  }
}
