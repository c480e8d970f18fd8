import Foundation

extension RopeScaling {
  private static let kinds = ["default", "linear", "dynamic", "yarn", "llama3"]

  /// Reads `rope_parameters` or `rope_scaling`, whose kind is `rope_type`, formerly `type`.
  ///
  /// - Throws: `CheckpointError` for a kind that is not known and for a field that is missing or out of range.
  init(_ parameters: JSONObject, of configuration: JSONObject) throws(CheckpointError) {
    switch try Self.kind(parameters) {
    case "linear": self = .linear(factor: try Self.factor(parameters))
    case "dynamic":
      _ = try Self.factor(parameters)
      self = .dynamic
    case "yarn": self = .yarn(try Yarn(parameters, of: configuration))
    case "llama3": self = .llama3(try Llama3(parameters))
    default: self = .none
    }
  }

  private static func kind(_ parameters: JSONObject) throws(CheckpointError) -> String? {
    var found: String?
    for key in ["rope_type", "type"] {
      guard let kind = try parameters.optionalString(key) else { continue }
      guard kinds.contains(kind) else {
        throw parameters.error(key, expected: kinds.map { "\"\($0)\"" }.joined(separator: ", "))
      }
      if let found, found != kind { throw parameters.error(key, expected: "\"\(found)\", as rope_type says") }
      found = kind
    }
    // A factor without a kind would be ignored in silence.
    if found == nil, parameters.has("factor") {
      throw parameters.error("rope_type", expected: "a kind that the factor is of")
    }
    return found
  }

  fileprivate static func factor(_ parameters: JSONObject) throws(CheckpointError) -> Double {
    try parameters.double("factor", in: 1...1e6)
  }
}

extension RopeScaling.Yarn {
  fileprivate init(_ parameters: JSONObject, of configuration: JSONObject) throws(CheckpointError) {
    let all = try configuration.optionalDouble("max_position_embeddings", in: 1...1e9)
    let original = try parameters.optionalDouble("original_max_position_embeddings", in: 1...1e9)
    guard let positions = original ?? all else {
      throw parameters.error(
        "original_max_position_embeddings", expected: "a number, or one in max_position_embeddings")
    }
    originalPositions = positions
    // As in DeepSeek-V3's configuration.
    if let all, original != nil, !parameters.has("factor") {
      factor = max(1, all / positions)
    } else {
      factor = try RopeScaling.factor(parameters)
    }
    betaFast = try parameters.double("beta_fast", default: 32, in: 1e-6...1e6)
    betaSlow = try parameters.double("beta_slow", default: 1, in: 1e-6...1e6)
    truncates = try parameters.bool("truncate", default: true)
    let scale = try parameters.double("mscale", default: 0, in: 0...1e3)
    let scaleOfAll = try parameters.double("mscale_all_dim", default: 0, in: 0...1e3)
    let derived =
      scale > 0 && scaleOfAll > 0
      ? Self.scale(factor, scale) / Self.scale(factor, scaleOfAll) : Self.scale(factor, 1)
    attentionFactor = try parameters.double("attention_factor", default: derived, in: 1e-6...1e6)
    scoreFactor = scaleOfAll > 0 ? Self.scale(factor, scaleOfAll) : 1
  }

  /// 0.1 · multiplier · ln(factor) + 1.
  private static func scale(_ factor: Double, _ multiplier: Double) -> Double {
    factor <= 1 ? 1 : 0.1 * multiplier * log(factor) + 1
  }
}

extension RopeScaling.Llama3 {
  fileprivate init(_ parameters: JSONObject) throws(CheckpointError) {
    factor = try RopeScaling.factor(parameters)
    lowFrequencyFactor = try parameters.double("low_freq_factor", in: 1e-6...1e6)
    highFrequencyFactor = try parameters.double("high_freq_factor", in: 1e-6...1e6)
    originalPositions = try parameters.double("original_max_position_embeddings", in: 1...1e9)
    if highFrequencyFactor <= lowFrequencyFactor {
      throw parameters.error("high_freq_factor", expected: "more than the low_freq_factor \(lowFrequencyFactor)")
    }
  }
}
