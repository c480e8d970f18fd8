package import Backend

/// Router: which experts, with which weights. Row 1 has ties, row 2 NaN, row 3 −∞, in grouped routers for every second
/// expert; in row 4 all are equal, in row 5 ±65504, in row 6 below 2⁻¹²⁶, in row 7 all −∞.
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
  package var cancels: Bool { false }

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
    // Of the kept groups as many experts as there are: those of −∞, too, and none of another group.
    let all = RouterRule(
      scoring: .chosenSoftmax, renormalise: false, groups: RouterRule.Groups(count: 4, kept: 2, best: 1))
    let shapes = [(3, 8, 2, 4, 2), (33, 12, 3, 3, 1), (40, 60, 6, 6, 3), (2, 256, 8, 8, 4), (130, 160, 6, 8, 3)]
    return shapes.flatMap { rows, experts, chosen, groups, kept -> [any OpCase] in
      [(RouterRule.Scoring.softmax, false, 1), (.sigmoid, true, 2)].map { scoring, isCorrected, best in
        let rule = RouterRule(
          scoring: scoring, renormalise: isCorrected, scale: 1.5,
          groups: RouterRule.Groups(count: groups, kept: kept, best: best))
        return RouterCase(rows: rows, experts: experts, chosen: chosen, rule: rule, hasCorrection: isCorrected)
      }
    } + [RouterCase(rows: 9, experts: 8, chosen: 4, rule: all)]
  }

  package func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult {
    let values = rows.flatMap { row -> [Float] in
      var random = CaseRandom(10, experts, row)
      var values = random.floats(experts, scale: 5)
      if row == 1 { values = values.map { $0.rounded(.toNearestOrEven) } }
      if row == 2, experts > chosen + 1 { values[experts / 2] = .nan }
      if row == 3, experts > chosen { values[0] = -.infinity }
      if row == 3, rule.groups != nil {
        for expert in values.indices where expert % 2 == 1 { values[expert] = -.infinity }
      }
      switch row {
      case 4: return values.map { _ in 0.5 }
      case 5: return Extreme.large.apply(to: values)
      // Logits as they are would be compared, which a device that takes them for zero cannot.
      case 6: return values.map { rule.scoring == .chosenSoftmax ? 0 : $0 * 0x1p-127 }
      case 7: return values.map { _ in -.infinity }
      default: return values
      }
    }
    let logits = try backend.input(rows: rows.count, columns: experts, values)
    let routing = try backend.makeRouting(
      rows: rows.count + guardRows, experts: experts, chosen: chosen, layers: 1, label: "case")
    let slots = (rows.count + guardRows) * chosen
    try backend.choose(
      Array(repeating: Int32(experts - 1), count: slots), weights: Array(repeating: poison, count: slots), options: nil,
      into: routing)
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
      backend.input(rows: rows.count * chosen, columns: chosen, units), routing: routing, rows: rows.count,
      addingTo: x)
    var choice = try backend.readChoice(routing, rows: 0..<rows.count)
    // A row of NaN has no right choice, only valid ones; all −∞ are one, after a softmax.
    for (index, row) in rows.enumerated() where (row == 2 && experts > chosen + 1) || row == 7 {
      let own = index * chosen..<(index + 1) * chosen
      let isValid = choice[own].allSatisfy { (0..<Int32(experts)).contains($0) } && Set(choice[own]).count == chosen
      for slot in own { choice[slot] = isValid ? 0 : -1 }
    }
    var result = try backend.result(x, rows: rows.count, columns: chosen, indices: choice)
    let guards = rows.count..<rows.count + guardRows
    result.isContained =
      try result.isContained && backend.readWeights(routing, rows: guards).allSatisfy { $0 == poison }
      && backend.readChoice(routing, rows: guards).allSatisfy { $0 == Int32(experts - 1) }
    return result
  }
}
