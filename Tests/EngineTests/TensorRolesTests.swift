import Checkpoints
import Testing

@testable import Engine

struct TensorRolesTests {
  /// Twice each, so that what was found once is met again, and in other layers.
  @Test func namesSayPartProjectionAndLayer() {
    var roles = TensorRoles()
    for layer in [0, 3, 12, 3] {
      for expert in [0, 7] {
        let name = "model.layers.\(layer).block_sparse_moe.experts.\(expert)"
        for (projection, isDown) in [("w1", false), ("w2", true), ("w3", false)] {
          let role = roles.role(of: "\(name).\(projection).weight")
          #expect(role == (.experts, isDown, layer))
        }
      }
      #expect(roles.role(of: "model.layers.\(layer).mlp.experts.gate_up_proj_bias") == (.other, false, layer))
      #expect(roles.role(of: "model.layers.\(layer).mlp.experts.down_proj") == (.experts, true, layer))
      #expect(roles.role(of: "model.layers.\(layer).mlp.gate.weight") == (.router, false, layer))
    }
    #expect(roles.role(of: "model.embed_tokens.weight") == (.embedding, false, nil))
    #expect(roles.role(of: "layers") == (.other, false, nil))
  }
}
