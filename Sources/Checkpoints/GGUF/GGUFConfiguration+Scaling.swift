import Foundation
import JSON

// Rotary scaling, in the words of transformers.
extension GGUFConfiguration {
  mutating func addScaling(_ name: String) {
    guard case .string(let type) = metadata["\(name).rope.scaling.type"], type != "none" else { return }
    var scaling = JSONMembers()
    _ = scaling.add("rope_type", .string(JSONString(type)))
    let fields = [
      ("factor", "factor"), ("original_max_position_embeddings", "original_context_length"),
      ("beta_fast", "yarn_beta_fast"), ("beta_slow", "yarn_beta_slow"),
    ]
    for (field, key) in fields {
      guard let value = number("\(name).rope.scaling.\(key)") else { continue }
      _ = scaling.add(JSONString(field), .double(value))
    }
    addFactors(name, to: &scaling)
    keys["rope_scaling"] = "\(name).rope.scaling"
    add("rope_scaling", .object(scaling))
  }

  /// DeepSeek's scale of attention's scores, and what cosines and sines are multiplied by besides YaRN's own factor.
  private func addFactors(_ name: String, to scaling: inout JSONMembers) {
    let factor = number("\(name).rope.scaling.factor") ?? 1
    var own = factor > 1 ? 0.1 * log(factor) + 1 : 1
    // In the file it is a tenth of transformers' multiplier. DeepSeek's two cancel each other in cosines and sines.
    if architecture.name == "deepseek2", let scale = number("\(name).rope.scaling.yarn_log_multiplier"), scale > 0 {
      _ = scaling.add("mscale_all_dim", .double(scale * 10))
      own = 1
    }
    let multiplier = number("\(name).rope.scaling.attn_factor") ?? 1
    _ = scaling.add("attention_factor", .double(own * multiplier))
  }

  private func number(_ key: String) -> Double? {
    switch metadata[key] {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}
