package import Backend

/// SwiGLU experts on the rows that a router sent them, combined, and how many are loaded; some experts get no row, or one gets all.
package struct ExpertsCase: OpCase {
  /// How rows are spread over experts.
  enum Spread: String, Sendable {
    case random
    /// All rows choose the same experts, the last ones; the others get none.
    case last
    /// A dense layer: one expert, no router.
    case dense
  }

  package var rows: Int
  var experts: Int
  var chosen: Int
  var columns: Int
  var intermediate: Int
  /// Of the gate and up projections.
  var format: ElementFormat
  /// Of the down projection; that of the others unless given.
  var downFormat: ElementFormat?
  var spread: Spread
  /// Biases and a clamped activation, as GPT-OSS has them; of a dense layer a gate.
  var hasExtras = false
  var extreme: Extreme?

  package var family: String { "Experts" }
  package var name: String {
    "rows=\(rows) experts=\(experts) chosen=\(chosen) K=\(columns) I=\(intermediate) \(format.name)"
      + "\(downFormat.map { " \($0.name)" } ?? "") \(spread.rawValue)"
      + (hasExtras ? spread == .dense ? " gate" : " bias clamped" : "") + (extreme.map { " \($0.rawValue)" } ?? "")
  }
  package var formats: Set<ElementFormat> { [format, downFormat ?? format] }
  package var needsDenormals: Bool { Extreme.needsDenormals(extreme, format, downFormat ?? format) }
  package var bound: Double { 1e-5 }
  /// Hidden values that fall on the other side of a tie are one code of 127 away, or one of 256 steps to the double.
  package func bound(_ activations: ActivationPrecision) -> Double {
    activations.form(for: downFormat ?? format) == .float32 ? bound : 1e-3
  }

  static var all: [any OpCase] {
    let shapes = [
      (0, 8, 2, 16, 16), (1, 8, 2, 128, 64), (1, 32, 4, 192, 64), (7, 8, 2, 33, 17), (5, 4, 4, 64, 48),
      (33, 32, 4, 192, 64), (130, 8, 2, 128, 64), (600, 3, 1, 20, 40), (40, 60, 4, 65, 31),
    ]
    let sparse = shapes.flatMap { rows, experts, chosen, columns, intermediate -> [any OpCase] in
      [(ElementFormat.bf16, Spread.random), (.bf16, .last), (.f32, .random)].map {
        ExpertsCase(
          rows: rows, experts: experts, chosen: chosen, columns: columns, intermediate: intermediate, format: $0.0,
          spread: $0.1)
      }
    }
    let dense = [(0, 16, 16), (1, 128, 256), (7, 33, 45), (300, 64, 100)].map {
      ExpertsCase(
        rows: $0.0, experts: 1, chosen: 1, columns: $0.1, intermediate: $0.2, format: .bf16, spread: .dense)
    }
    let extras = [(1, 32, 4, 192, 64), (7, 8, 2, 33, 17), (33, 11, 3, 64, 48), (130, 8, 2, 128, 64)].flatMap {
      rows, experts, chosen, columns, intermediate -> [any OpCase] in
      [(ElementFormat.bf16, Spread.random), (.bf16, .last), (.f32, .random)].map {
        ExpertsCase(
          rows: rows, experts: experts, chosen: chosen, columns: columns, intermediate: intermediate, format: $0.0,
          spread: $0.1, hasExtras: true)
      }
    }
    let gated = [(1, 128, 256), (7, 33, 45), (300, 64, 100)].map {
      ExpertsCase(
        rows: $0.0, experts: 1, chosen: 1, columns: $0.1, intermediate: $0.2, format: .bf16, spread: .dense,
        hasExtras: true)
    }
    return sparse + dense + extras + gated + blocks + few + extremes
  }

  /// As few rows as one work-group routes together, which meet the same experts.
  private static var few: [any OpCase] {
    [2, 3, 4].flatMap { rows in
      [Spread.random, .last].map {
        ExpertsCase(rows: rows, experts: 8, chosen: 2, columns: 33, intermediate: 17, format: .bf16, spread: $0)
      }
    }
  }

  private static var extremes: [any OpCase] {
    [(ElementFormat.bf16, Extreme.large), (.bf16, .denormals), (.q80, .large), (.q80, .denormals)].map {
      ExpertsCase(
        rows: 6, experts: 5, chosen: 2, columns: 64, intermediate: 32, format: $0.0, spread: .random, extreme: $0.1)
    }
  }

  /// Every format of blocks, some with more rows than are held at once, and some beside others.
  private static var blocks: [any OpCase] {
    let formats = ElementFormat.allCases.filter { $0.block != nil }
    let equal = formats.map { ($0, $0) }
    let mixed: [(ElementFormat, ElementFormat)] = [
      (.q4K, .q6K), (.f16, .f16), (.q40, .bf16), (.f32, .q80), (.f32, .f32),
    ]
    let many = [ElementFormat.q80, .q4K, .f16].map { format in
      ExpertsCase(
        rows: 140, experts: 3, chosen: 1, columns: max(format.blockElements, 32),
        intermediate: max(format.blockElements, 64), format: format, spread: .last)
    }
    let each = (equal + mixed).flatMap { format, down -> [any OpCase] in
      [(1, 6, 3), (21, 5, 3), (37, 5, 3)].map { rows, experts, chosen in
        ExpertsCase(
          rows: rows, experts: experts, chosen: chosen, columns: max(format.blockElements, 32) * (rows == 1 ? 2 : 1),
          intermediate: max(down.blockElements, 32), format: format, downFormat: down == format ? nil : down,
          spread: .random)
      }
    }
    return many + each
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    let weights = try backend.loadExperts(source())
    // Before the ops, and not beside them: this is no check of transfers.
    try backend.settleExperts()
    try backend.finishLoading()
    let routing = try backend.makeRouting(rows: rows.count, experts: experts, chosen: chosen, layers: 2, label: "case")
    if spread == .dense {
      let gate = try backend.input(rows: rows.count, columns: 1, rows.map { Float($0 % 9) - 4 })
      try backend.routeAll(rows: rows.count, gate: hasExtras ? gate : nil, into: routing)
    } else {
      let options = RouterOptions(renormalise: true, layer: 1, phase: .prefill)
      try backend.route(
        logits: backend.input(rows: rows.count, columns: experts, rows.flatMap(logits)), rows: rows.count,
        options: options, into: routing)
    }
    let x = try backend.input(rows: rows.count, columns: columns, rows.flatMap { input($0, role: 11) })
    let hidden = try backend.activation(rows: rows.count * chosen, columns: intermediate)
    let out = try backend.activation(rows: rows.count * chosen, columns: columns)
    let residual = try backend.activation(rows: rows.count, columns: columns, rows.flatMap { input($0, role: 12) })
    try backend.experts(x, weights, routing: routing, rows: rows.count, hidden: hidden, into: out)
    try backend.combine(out, routing: routing, rows: rows.count, addingTo: residual)
    var result = try backend.result(residual, rows: rows.count, columns: columns)
    // What is not written there, where a backend writes it, spoils what is made of it.
    let middle = try backend.result(hidden, rows: rows.count * chosen, columns: intermediate)
    let last = try backend.result(out, rows: rows.count * chosen, columns: columns)
    result.isContained = result.isContained && middle.isContained && last.isContained && !last.values.contains(poison)
    result.totals = try backend.readExpertLoads(routing).flatMap { [Int32($0.decode), Int32($0.prefill)] }
    result.totals += try backend.readExpertRows(routing).joined().map(Int32.init)
    return result
  }

  private func source() throws -> ExpertsSource {
    var random = CaseRandom(13, columns, intermediate, experts)
    func tensors(_ name: String, _ format: ElementFormat, rows: Int, columns: Int) -> [HostTensor] {
      (0..<experts).map { randomTensor("\(name).\($0)", format, rows: rows, columns: columns, &random) }
    }
    let gates = tensors("gate", format, rows: intermediate, columns: columns)
    let ups = tensors("up", format, rows: intermediate, columns: columns)
    let downs = tensors("down", downFormat ?? format, rows: columns, columns: intermediate)
    let isClamped = hasExtras && spread != .dense
    return ExpertsSource(
      layer: 0, gateUp: try MatrixSource(label: "gate_up", kind: .gated, parts: zip(gates, ups).map { [$0, $1] }),
      down: try MatrixSource(label: "down", parts: downs.map { [$0] }), isDense: spread == .dense,
      // A limit that about a third of the values is beyond.
      activation: isClamped ? .clampedSwiGLU(alpha: 1.702, limit: 1.5) : .swiglu,
      biases: isClamped
        ? ExpertBiases(
          gateUp: random.floats(experts * 2 * intermediate), down: random.floats(experts * columns)) : nil)
  }

  private func logits(_ row: Int) -> [Float] {
    var random = CaseRandom(14, experts, row)
    let values = random.floats(experts, scale: 3)
    return spread == .last ? values.enumerated().map { $1 + ($0 >= experts - chosen ? 20 : 0) } : values
  }

  private func input(_ row: Int, role: Int) -> [Float] {
    var random = CaseRandom(role, columns, row)
    // Of clamped activations nearly all would be far beyond the limit, where columns are many.
    let isWide = hasExtras && spread != .dense && columns > 1024
    var values = random.floats(columns, scale: isWide ? 0x1p-5 : 1)
    if let extreme { values = extreme.apply(to: values) }
    if row == 2 { values[0] = .nan }
    return values
  }
}
