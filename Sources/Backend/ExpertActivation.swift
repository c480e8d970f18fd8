/// What an expert makes of a gate g and an up projection u.
package enum ExpertActivation: Sendable, Equatable {
  /// g · σ(g) · u (Shazeer 2020).
  case swiglu
  /// g′ · σ(alpha · g′) · (u′ + 1) with g′ = min(g, limit), u′ = u in [−limit, limit] (OpenAI 2025, GPT-OSS).
  case clampedSwiGLU(alpha: Float, limit: Float)
}
