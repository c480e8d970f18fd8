import Backend

/// The shapes of models that people run, with few rows and, where experts are many, few of them: the widths are what kernels are
/// tiled by.
enum ModelShapes {
  /// As in the models' published `config.json`.
  private struct Shape {
    var hidden: Int
    var queryHeads: Int
    var keyValueHeads: Int
    var headSize: Int
    var experts: Int
    var chosen: Int
    var intermediate: Int
  }

  private static let shapes: [Shape] = [
    // Qwen3-30B-A3B, gpt-oss-20b, OLMoE-1B-7B, Mixtral-8x7B; DeepSeek-V2-Lite's experts.
    Shape(hidden: 2048, queryHeads: 32, keyValueHeads: 4, headSize: 128, experts: 128, chosen: 8, intermediate: 768),
    Shape(hidden: 2880, queryHeads: 64, keyValueHeads: 8, headSize: 64, experts: 32, chosen: 4, intermediate: 2880),
    Shape(hidden: 2048, queryHeads: 16, keyValueHeads: 16, headSize: 128, experts: 64, chosen: 8, intermediate: 1024),
    Shape(hidden: 4096, queryHeads: 32, keyValueHeads: 8, headSize: 128, experts: 8, chosen: 2, intermediate: 14336),
    Shape(hidden: 2048, queryHeads: 16, keyValueHeads: 16, headSize: 128, experts: 64, chosen: 6, intermediate: 1408),
  ]

  static var cases: [any OpCase] {
    shapes.enumerated().flatMap { index, shape -> [any OpCase] in
      // Mixtral's experts are as large as all others together: their widths, one token and a format.
      let isLarge = shape.intermediate > 4096
      var cases: [any OpCase] = [
        NormCase(rows: 3, columns: shape.hidden),
        LinearCase(
          rows: 2, columns: shape.hidden, features: isLarge ? 1024 : shape.keyValueHeads * shape.headSize,
          format: .bf16,
          accumulate: false),
        AttentionCase(
          queryHeads: shape.queryHeads, keyValueHeads: shape.keyValueHeads, headSize: shape.headSize,
          hasNorm: index == 0,
          sequences: [40..<45, 530..<531]),
        RouterCase(
          rows: 5, experts: shape.experts, chosen: shape.chosen, rule: RouterRule(renormalise: index % 2 == 0)),
      ]
      cases.append(
        ExpertsCase(
          rows: 1, experts: isLarge ? 1 : 2, chosen: 1, columns: isLarge ? 1024 : shape.hidden,
          intermediate: isLarge ? 2048 : shape.intermediate, format: .bf16, spread: .random))
      return cases
    }
  }
}
