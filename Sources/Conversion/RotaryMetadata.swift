import Checkpoints
import Foundation
import JSON

/// The keys of rotary position embedding.
struct RotaryMetadata {
  private(set) var entries: [(key: String, value: GGUFWriter.Value)] = []
  private let prefix: String

  init(_ configuration: JSONObject, prefix: String) throws {
    self.prefix = prefix
    let rope = try RopeConfiguration(configuration)
    add("freq_base", .f32(Float(rope.theta)))
    switch rope.scaling {
    // Llama 3.1's becomes a tensor, and dynamic scaling changes nothing within a model's own positions.
    case .none, .dynamic, .llama3, .divided: break
    case .linear(let factor):
      add("scaling.type", .string("linear"))
      add("scaling.factor", .f32(Float(factor)))
    case .yarn(let yarn): try add(yarn, configuration)
    }
  }

  private mutating func add(_ key: String, _ value: GGUFWriter.Value) {
    entries.append(("\(prefix).rope.\(key)", value))
  }

  private mutating func add(_ yarn: RopeScaling.Yarn, _ configuration: JSONObject) throws {
    add("scaling.type", .string("yarn"))
    add("scaling.factor", .f32(Float(yarn.factor)))
    add("scaling.original_context_length", .u32(UInt32(yarn.originalPositions)))
    add("scaling.yarn_beta_fast", .f32(Float(yarn.betaFast)))
    add("scaling.yarn_beta_slow", .f32(Float(yarn.betaSlow)))
    // What readers of the file take for cosines and sines unless it says otherwise.
    var usual = yarn.factor > 1 ? 0.1 * log(yarn.factor) + 1 : 1
    if prefix == "deepseek2", yarn.factor > 1, yarn.scoreFactor > 1 {
      // A tenth of transformers' mscale_all_dim.
      add("scaling.yarn_log_multiplier", .f32(Float((yarn.scoreFactor - 1) / log(yarn.factor))))
      usual = 1
    }
    if abs(yarn.attentionFactor / usual - 1) > 1e-9 {
      add("scaling.attn_factor", .f32(Float(yarn.attentionFactor / usual)))
    }
  }
}
