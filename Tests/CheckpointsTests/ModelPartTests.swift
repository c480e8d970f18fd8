import Checkpoints
import Testing

struct ModelPartTests {
  /// Names from published checkpoints: Qwen3-MoE, Qwen2-MoE, Mixtral, DeepSeek-V3, OLMoE, gpt-oss, Granite-MoE, DBRX.
  @Test(arguments: [
    ("model.embed_tokens.weight", ModelPart.embedding),
    ("transformer.wte.weight", .embedding),
    ("lm_head.weight", .head),
    ("model.norm.weight", .norms),
    ("model.layers.0.post_attention_layernorm.weight", .norms),
    ("model.layers.0.self_attn.q_norm.weight", .norms),
    ("model.layers.0.self_attn.kv_a_layernorm.weight", .norms),
    ("transformer.blocks.0.norm_attn_norm.norm_1.weight", .norms),
    ("model.layers.0.self_attn.q_proj.weight", .attention),
    ("model.layers.0.self_attn.q_proj.bias", .attention),
    ("model.layers.0.self_attn.sinks", .attention),
    ("model.layers.0.mlp.gate.weight", .router),
    ("model.layers.3.mlp.gate.e_score_correction_bias", .router),
    ("model.layers.0.block_sparse_moe.gate.weight", .router),
    ("model.layers.0.block_sparse_moe.router.layer.weight", .router),
    ("model.layers.0.mlp.router.weight", .router),
    ("transformer.blocks.0.ffn.router.layer.weight", .router),
    ("model.layers.0.mlp.experts.127.gate_proj.weight", .experts),
    ("model.layers.0.mlp.experts.gate_up_proj", .experts),
    ("model.layers.0.block_sparse_moe.experts.7.w1.weight", .experts),
    ("model.layers.0.block_sparse_moe.input_linear.weight", .experts),
    ("transformer.blocks.0.ffn.experts.mlp.w1", .experts),
    ("model.layers.0.mlp.shared_expert.up_proj.weight", .denseMLP),
    ("model.layers.0.mlp.shared_expert_gate.weight", .denseMLP),
    ("model.layers.3.mlp.shared_experts.down_proj.weight", .denseMLP),
    ("model.layers.0.shared_mlp.input_linear.weight", .denseMLP),
    ("model.layers.0.mlp.gate_proj.weight", .denseMLP),
    ("model.layers.0.self_attn.rotary_emb.inv_freq", .attention),
    ("steps", .other),
    ("", .other),
  ])
  func isToldByTheName(name: String, part: ModelPart) {
    #expect(ModelPart(tensorName: name) == part)
  }
}
