import Backend
import Checkpoints
import JSON
import Models
import TestSupport
import Testing

/// Checkpoints as other versions of transformers write them must compute what Hugging Face's results say: on the reference.
struct FamilySpellingTests {
  /// `rope_theta` and `rope_scaling` at the top level, with `type`, and `torch_dtype`.
  @Test(arguments: ["gpt_oss_odd", "deepseek_v2_odd", "llama_odd", "qwen3_odd"])
  func olderNamesOfRotaryFields(name: String) throws {
    let fixture = try MixedFixture(name)
    var config = fixture.config()
    let parameters = try #require(try fixture.checkpoint.configuration.object("rope_parameters"))
    var scaling = JSONMembers()
    for key in parameters.keys where key != "rope_theta" {
      guard let value = parameters.field(key) else { continue }
      _ = scaling.add(JSONString(key == "rope_type" ? "type" : key), value)
    }
    config["rope_theta"] = parameters.field("rope_theta")
    config["rope_scaling"] = .object(scaling)
    config["torch_dtype"] = config.removeValue(forKey: "dtype")
    try expectSame(fixture, config, fixture.checkpoint.tensors)
  }

  /// All experts of a layer in two tensors.
  @Test(arguments: ["qwen2_moe_odd", "deepseek_v3_odd"])
  func stackedExperts(name: String) throws {
    let fixture = try MixedFixture(name)
    var tensors = fixture.checkpoint.tensors.filter { !$0.name.contains(".experts.") }
    for layer in 0..<8 {
      let prefix = "model.layers.\(layer).mlp.experts"
      func parts(_ names: [String]) -> [HostTensor] {
        (0..<16).flatMap { expert in
          names.compactMap { fixture.checkpoint.tensor("\(prefix).\(expert).\($0).weight") }
        }
      }
      for (name, names) in [("gate_up_proj", ["gate_proj", "up_proj"]), ("down_proj", ["down_proj"])] {
        let all = parts(names)
        guard let first = all.first else { continue }
        let shape = [all.count / names.count, first.shape[0] * names.count, first.shape[1]]
        tensors.append(
          HostTensor(name: "\(prefix).\(name)", format: first.format, shape: shape, values: all.flatMap(\.bytes)))
      }
    }
    try expectSame(fixture, try newerConfig(fixture), tensors)
  }

  /// `num_experts` and `num_local_experts`, `num_experts_per_tok` and `experts_per_token` are the same.
  @Test func namesOfExpertFields() throws {
    let fixture = try MixedFixture("gpt_oss_odd")
    var config = try newerConfig(fixture)
    config["num_experts"] = config.removeValue(forKey: "num_local_experts")
    config["experts_per_token"] = config.removeValue(forKey: "num_experts_per_tok")
    // Every second layer has a window, from the first on, where nothing is said.
    config["layer_types"] = nil
    try expectSame(fixture, config, fixture.checkpoint.tensors)
  }

  private func newerConfig(_ fixture: MixedFixture) throws -> [String: JSONValue] {
    var config = fixture.config()
    let parameters = try #require(try fixture.checkpoint.configuration.object("rope_parameters"))
    var members = JSONMembers()
    for key in parameters.keys { if let value = parameters.field(key) { _ = members.add(JSONString(key), value) } }
    config["rope_parameters"] = .object(members)
    return config
  }

  private func expectSame(_ fixture: MixedFixture, _ config: [String: JSONValue], _ tensors: [HostTensor]) throws {
    let folder = try TemporaryFolder()
    try TestModel.write(config: config, tensors: tensors, to: folder)
    let found = try RunModel(Checkpoint(folder: folder.path), prompt: fixture.prompt(140))
    #expect(relativeError(found.logits, try fixture.expected("logits", 140).floats()) <= 1e-4)
  }
}
