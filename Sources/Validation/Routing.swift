package import Backend

/// Router: which experts, with which weights. Row 1 has ties, row 2 NaN, row 3 infinities.
package struct RouterCase: OpCase {
  package var rows: Int
  var experts: Int
  var chosen: Int
  var rule: RouterRule
  /// Whether each expert's score is corrected for the choice.
  var hasCorrection = false

  package var family: String { "Routing" }
  package var name: String {
    let groups = rule.groups.map { " groups=\($0.kept)/\($0.count) best=\($0.best)" } ?? ""
    return "rows=\(rows) experts=\(experts) chosen=\(chosen) \(rule.scoring)\(rule.renormalise ? " renormalise" : "")"
      + (rule.scale == 1 ? "" : " scale") + groups + (hasCorrection ? " correction" : "")
  }
  package var bound: Double { 2e-6 }

  static var all: [any OpCase] {
    let shapes = [
      (0, 8, 2), (1, 1, 1), (5, 5, 5), (7, 8, 2), (33, 32, 4), (130, 60, 4), (9, 128, 8), (600, 8, 2), (2, 32, 4),
      (2, 128, 8),
    ]
    return shapes.flatMap { rows, experts, chosen -> [any OpCase] in
      [
        RouterRule(renormalise: false), RouterRule(renormalise: true),
        RouterRule(scoring: .chosenSoftmax, renormalise: false),
        RouterRule(scoring: .sigmoid, renormalise: true, scale: 2.5),
      ].map { RouterCase(rows: rows, experts: experts, chosen: chosen, rule: $0) }
    } + grouped
  }

  /// DeepSeek's routers.
  private static var grouped: [any OpCase] {
    let shapes = [(3, 8, 2, 4, 2), (33, 12, 3, 3, 1), (40, 60, 6, 6, 3), (2, 256, 8, 8, 4), (130, 160, 6, 8, 3)]
    return shapes.flatMap { rows, experts, chosen, groups, kept -> [any OpCase] in
      [(RouterRule.Scoring.softmax, false, 1), (.sigmoid, true, 2)].map { scoring, isCorrected, best in
        let rule = RouterRule(
          scoring: scoring, renormalise: isCorrected, scale: 1.5,
          groups: RouterRule.Groups(count: groups, kept: kept, best: best))
        return RouterCase(rows: rows, experts: experts, chosen: chosen, rule: rule, hasCorrection: isCorrected)
      }
    }
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(10, experts, row)
      var values = random.floats(experts, scale: 5)
      if row == 1 { values = values.map { $0.rounded(.toNearestOrEven) } }
      if row == 2, experts > chosen + 1 { values[experts / 2] = .nan }
      if row == 3, experts > chosen { values[0] = -.infinity }
      return values
    }
    let logits = try backend.activation(rows: rows.count, columns: experts, values)
    let routing = try backend.makeRouting(rows: rows.count, experts: experts, chosen: chosen, layers: 1, label: "case")
    let options = RouterOptions(rule: rule, layer: 0, phase: .prefill)
    var random = CaseRandom(17, experts)
    let correction = hasCorrection ? try backend.loadVector(random.floats(experts), label: "correction") : nil
    try backend.route(
      logits: logits, rows: rows.count, options: options, correction: correction, into: routing)
    // The weights come out by combining unit vectors: expert j of a row adds its weight to column j.
    var units = [Float](repeating: 0, count: rows.count * chosen * chosen)
    for slot in 0..<rows.count * chosen { units[slot * chosen + slot % chosen] = 1 }
    let x = try backend.activation(
      rows: rows.count, columns: chosen, [Float](repeating: 0, count: rows.count * chosen))
    try backend.combine(
      backend.activation(rows: rows.count * chosen, columns: chosen, units), routing: routing, rows: rows.count,
      addingTo: x)
    var choice = try backend.readChoice(routing, rows: 0..<rows.count)
    // A row with NaN has no right choice, only valid ones.
    for (index, row) in rows.enumerated() where row == 2 && experts > chosen + 1 {
      let own = index * chosen..<(index + 1) * chosen
      let isValid = choice[own].allSatisfy { (0..<Int32(experts)).contains($0) } && Set(choice[own]).count == chosen
      for slot in own { choice[slot] = isValid ? 0 : -1 }
    }
    return try backend.result(x, rows: rows.count, columns: chosen, indices: choice)
  }
}
