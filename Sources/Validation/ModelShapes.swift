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
    var hasNorm = false
    /// Every second layer has a window, and all have sinks.
    var window: Int?
    /// Of the experts, with biases and a clamped activation where it is MXFP4.
    var format = ElementFormat.bf16
  }

  private static let shapes: [Shape] = [
    // Qwen3-30B-A3B, gpt-oss-20b, OLMoE-1B-7B, Mixtral-8x7B; DeepSeek-V2-Lite's experts.
    Shape(
      hidden: 2048, queryHeads: 32, keyValueHeads: 4, headSize: 128, experts: 128, chosen: 8, intermediate: 768,
      hasNorm: true),
    Shape(
      hidden: 2880, queryHeads: 64, keyValueHeads: 8, headSize: 64, experts: 32, chosen: 4, intermediate: 2880,
      window: 128, format: .mxfp4),
    Shape(hidden: 2048, queryHeads: 16, keyValueHeads: 16, headSize: 128, experts: 64, chosen: 8, intermediate: 1024),
    Shape(hidden: 4096, queryHeads: 32, keyValueHeads: 8, headSize: 128, experts: 8, chosen: 2, intermediate: 14336),
    Shape(hidden: 2048, queryHeads: 16, keyValueHeads: 16, headSize: 128, experts: 64, chosen: 6, intermediate: 1408),
  ]

  static var cases: [any OpCase] {
    shapes.enumerated().flatMap { cases($1, renormalises: $0 % 2 == 0) } + latent + wide
  }

  private static func cases(_ shape: Shape, renormalises: Bool) -> [any OpCase] {
    // Mixtral's experts are as large as all others together: their widths, one token and a format.
    let isLarge = shape.intermediate > 4096
    let windows = shape.window == nil ? [nil] : [nil, shape.window]
    let attention = windows.map {
      AttentionCase(
        queryHeads: shape.queryHeads, keyValueHeads: shape.keyValueHeads, headSize: shape.headSize,
        hasNorm: shape.hasNorm, sequences: [40..<45, 530..<531], window: $0, hasSinks: shape.window != nil)
    }
    return [
      NormCase(rows: 3, columns: shape.hidden),
      LinearCase(
        rows: 2, columns: shape.hidden, features: isLarge ? 1024 : shape.keyValueHeads * shape.headSize, format: .bf16,
        accumulate: false),
      RouterCase(rows: 5, experts: shape.experts, chosen: shape.chosen, rule: RouterRule(renormalise: renormalises)),
      ExpertsCase(
        rows: 1, experts: isLarge ? 1 : 2, chosen: 1, columns: isLarge ? 1024 : shape.hidden,
        intermediate: isLarge ? 2048 : shape.intermediate, format: shape.format, spread: .random,
        hasExtras: shape.format == .mxfp4),
    ] + attention
  }

  /// DeepSeek-V2-Lite's attention in its absorbed form: queries through the keys' projection, attention on 512 compressed and 64
  /// rotated elements, and what it gives through the projection of the values.
  private static let latent: [any OpCase] = [
    HeadProductsCase(rows: 3, heads: 16, headSize: 192, columns: 128, features: 512, format: .bf16),
    AttentionCase(
      queryHeads: 16, keyValueHeads: 1, headSize: 576, hasNorm: true, sequences: [40..<45, 530..<531], valuePrefix: 512),
    HeadProductsCase(rows: 3, heads: 16, headSize: 512, columns: 512, features: 128, format: .bf16),
  ]

  /// The sums over Mixtral's intermediate values.
  private static let wide: [any OpCase] = [
    LinearCase(rows: 2, columns: 14336, features: 33, format: .bf16, accumulate: false)
  ]
}
