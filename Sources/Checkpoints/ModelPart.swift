/// The part of a model that a tensor belongs to, told by its name in Hugging Face checkpoints.
package enum ModelPart: String, Sendable, CaseIterable {
  case embedding
  case attention
  case router
  case experts
  /// Shared experts, and the MLP of layers without experts.
  case denseMLP = "shared/dense MLP"
  case norms
  case head = "LM head"
  case other

  /// The part of the tensor `tensorName`, a path of names between dots: `model.layers.0.mlp.gate.weight`.
  package init(tensorName: String) {
    let names = Set(tensorName.split(separator: "."))
    func any(of candidates: Set<Substring>) -> Bool { !names.isDisjoint(with: candidates) }
    func any(containing text: String) -> Bool { names.contains { $0.contains(text) } }
    // The order matters: `post_attention_layernorm` is a norm, `shared_experts` are not routed.
    if any(of: ["lm_head", "embed_out"]) {
      self = .head
    } else if any(of: ["embed_tokens", "tok_embeddings", "word_embeddings", "wte"]) {
      self = .embedding
    } else if any(containing: "norm") {
      self = .norms
    } else if any(containing: "shared_expert") || any(of: ["shared_mlp"]) {
      self = .denseMLP
    } else if any(containing: "router") || any(of: ["gate"]) {
      self = .router
    } else if any(of: ["experts", "block_sparse_moe"]) {
      self = .experts
    } else if any(containing: "attn") || any(of: ["attention"]) {
      self = .attention
    } else if any(of: ["mlp", "feed_forward", "ffn"]) {
      self = .denseMLP
    } else {
      self = .other
    }
  }
}
