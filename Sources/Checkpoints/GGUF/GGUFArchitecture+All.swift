import JSON

// Field and tensor names: the classes of Hugging Face transformers, and the conversion that llama.cpp documents by its keys.
extension GGUFArchitecture {
  /// The one that a file names; with experts `llama` is Mixtral, and with scores by sigmoids `deepseek2` is V3.
  static func find(_ name: String, hasExperts: Bool, isSigmoid: Bool) -> GGUFArchitecture? {
    switch name {
    case "llama" where hasExperts: mixtral
    case "deepseek2" where isSigmoid: deepseek3
    default: all.first { $0.name == name }
    }
  }

  /// The one that files of a model class have.
  static func find(modelClass: String) -> GGUFArchitecture? {
    (all + [mixtral, deepseek3]).first { $0.modelClass == modelClass }
  }

  static let all = [qwen3MoE, qwen3, llama, qwen2MoE, gptOSS, olmoe, deepseek2, graniteMoE]

  static let qwen3MoE = GGUFArchitecture(
    name: "qwen3moe", modelClass: "Qwen3MoeForCausalLM",
    fields: [
      ("num_experts", "expert_count"), ("moe_intermediate_size", "expert_feed_forward_length"),
      ("norm_topk_prob", "expert_weights_norm"),
    ],
    constants: [("norm_topk_prob", .bool(true))])

  static let qwen3 = GGUFArchitecture(name: "qwen3", modelClass: "Qwen3ForCausalLM")

  static let llama = GGUFArchitecture(name: "llama", modelClass: "LlamaForCausalLM", interleavesHeads: true)

  static let mixtral = GGUFArchitecture(
    name: "llama", modelClass: "MixtralForCausalLM", fields: [("num_local_experts", "expert_count")],
    layerTensors: ["ffn_gate_inp": "block_sparse_moe.gate"],
    experts: Experts(prefix: "block_sparse_moe.experts.", gate: "w1", up: "w3", down: "w2"), interleavesHeads: true)

  static let qwen2MoE = GGUFArchitecture(
    name: "qwen2moe", modelClass: "Qwen2MoeForCausalLM",
    fields: [
      ("num_experts", "expert_count"), ("moe_intermediate_size", "expert_feed_forward_length"),
      ("shared_expert_intermediate_size", "expert_shared_feed_forward_length"),
      ("norm_topk_prob", "expert_weights_norm"),
    ], constants: [("norm_topk_prob", .bool(false))],
    layerTensors: [
      "ffn_gate_shexp": "mlp.shared_expert.gate_proj", "ffn_up_shexp": "mlp.shared_expert.up_proj",
      "ffn_down_shexp": "mlp.shared_expert.down_proj", "ffn_gate_inp_shexp": "mlp.shared_expert_gate",
    ])

  static let gptOSS = GGUFArchitecture(
    name: "gpt-oss", modelClass: "GptOssForCausalLM",
    fields: [
      ("num_local_experts", "expert_count"), ("intermediate_size", "expert_feed_forward_length"),
      ("swiglu_limit", "swiglu_clamp_exp"),
    ], constants: [("attention_bias", .bool(true)), ("swiglu_limit", .int(7))],
    layerTensors: [
      "attn_sinks": "self_attn.sinks", "post_attention_norm": "post_attention_layernorm", "ffn_gate_inp": "mlp.router",
    ],
    experts: Experts(
      prefix: "mlp.experts.", gate: "gate_proj", up: "up_proj", down: "down_proj", alternates: true))

  static let olmoe = GGUFArchitecture(
    name: "olmoe", modelClass: "OlmoeForCausalLM",
    fields: [
      ("num_experts", "expert_count"), ("norm_topk_prob", "expert_weights_norm"), ("clip_qkv", "attention.clamp_kqv"),
    ],
    constants: [("norm_topk_prob", .bool(false))])

  static let deepseek2 = GGUFArchitecture(
    name: "deepseek2", modelClass: "DeepseekV2ForCausalLM",
    fields: [
      ("q_lora_rank", "attention.q_lora_rank"), ("kv_lora_rank", "attention.kv_lora_rank"),
      ("qk_rope_head_dim", "rope.dimension_count"), ("n_routed_experts", "expert_count"),
      ("n_shared_experts", "expert_shared_count"), ("moe_intermediate_size", "expert_feed_forward_length"),
      ("first_k_dense_replace", "leading_dense_block_count"), ("n_group", "expert_group_count"),
      ("topk_group", "expert_group_used_count"), ("routed_scaling_factor", "expert_weights_scale"),
      ("norm_topk_prob", "expert_weights_norm"),
    ],
    constants: [
      ("n_group", .int(1)), ("topk_group", .int(1)), ("routed_scaling_factor", .int(1)),
      ("first_k_dense_replace", .int(0)), ("n_shared_experts", .int(0)), ("norm_topk_prob", .bool(false)),
    ],
    layerTensors: [
      "attn_q_a": "self_attn.q_a_proj", "attn_q_a_norm": "self_attn.q_a_layernorm", "attn_q_b": "self_attn.q_b_proj",
      "attn_kv_a_mqa": "self_attn.kv_a_proj_with_mqa", "attn_kv_a_norm": "self_attn.kv_a_layernorm",
      "attn_kv_b": "self_attn.kv_b_proj", "attn_k_b": "self_attn.k_b_proj", "attn_v_b": "self_attn.v_b_proj",
      "ffn_gate_shexp": "mlp.shared_experts.gate_proj", "ffn_up_shexp": "mlp.shared_experts.up_proj",
      "ffn_down_shexp": "mlp.shared_experts.down_proj", "exp_probs_b": "mlp.gate.e_score_correction_bias",
    ])

  static let deepseek3: GGUFArchitecture = {
    var architecture = deepseek2
    architecture.modelClass = "DeepseekV3ForCausalLM"
    return architecture
  }()

  static let graniteMoE = GGUFArchitecture(
    name: "granitemoe", modelClass: "GraniteMoeForCausalLM",
    fields: [
      ("num_local_experts", "expert_count"), ("logits_scaling", "logit_scale"),
      ("residual_multiplier", "residual_scale"), ("embedding_multiplier", "embedding_scale"),
      ("attention_multiplier", "attention.scale"),
    ], layerTensors: ["ffn_gate_inp": "block_sparse_moe.router.layer"],
    experts: Experts(
      prefix: "block_sparse_moe.", gate: "gate_proj", up: "up_proj", down: "down_proj",
      stackedGateUp: "input_linear.weight", stackedDown: "output_linear.weight"),
    interleavesHeads: true)
}
