import JSON

/// How a GGUF architecture maps to the Hugging Face checkpoint that it was converted from: the names of the fields of
/// `config.json`, and of tensors, by those of GGUF.
struct GGUFArchitecture: Sendable {
  /// `general.architecture`, with which the names of its keys begin.
  var name: String
  /// The model's class.
  var modelClass: String
  /// Fields and their keys, without the architecture's name; keys that are absent are left out.
  var fields: [(field: String, key: String)] = []
  /// Fields that no key gives.
  var constants: [(field: String, value: JSONValue)] = []
  /// The tensors of a layer: what follows `blk.N.`, and what follows `model.layers.N.`.
  var layerTensors: [String: String] = [:]
  /// A layer's experts before and behind the expert's number: `mlp.experts.`, and `.gate_proj` and so on.
  var experts = Experts(prefix: "mlp.experts.", gate: "gate_proj", up: "up_proj", down: "down_proj")
  /// The rows of queries and keys are in the order of interleaved rotary embedding.
  var interleavesHeads = false

  struct Experts: Sendable {
    var prefix: String
    var gate: String
    var up: String
    var down: String
    /// What follows the prefix where all experts are in one tensor: [experts, 2 · intermediate, hidden] with the rows of the
    /// gate first, and [experts, hidden, intermediate].
    var stackedGateUp = "gate_up_proj"
    var stackedDown = "down_proj"
    /// Stacked matrices are turned round, [experts, inputs, outputs], and gate and up projection take turns.
    var alternates = false
  }

  /// What all have.
  static let commonFields: [(field: String, key: String)] = [
    ("num_hidden_layers", "block_count"), ("hidden_size", "embedding_length"),
    ("num_attention_heads", "attention.head_count"), ("num_key_value_heads", "attention.head_count_kv"),
    ("head_dim", "attention.key_length"), ("max_position_embeddings", "context_length"),
    ("rms_norm_eps", "attention.layer_norm_rms_epsilon"), ("rope_theta", "rope.freq_base"),
    ("intermediate_size", "feed_forward_length"), ("num_experts_per_tok", "expert_used_count"),
  ]

  static let commonLayerTensors = [
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", "ffn_gate_inp": "mlp.gate",
  ]

  static let modelTensors = [
    "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
  ]

  /// Which part of a layer's experts a tensor is, told by what stands between `blk.N.` and `.weight` or `.bias`.
  static func expertPart(_ name: Substring) -> ExpertPart? {
    switch name {
    case "ffn_gate_exps": .gate
    case "ffn_up_exps": .up
    case "ffn_down_exps": .down
    case "ffn_gate_up_exps": .gateUp
    default: nil
    }
  }

  enum ExpertPart {
    case gate, up, down
    /// The rows of the gate, then those of the up projection.
    case gateUp
  }
}
