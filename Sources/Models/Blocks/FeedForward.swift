import Backend

/// The feed-forward half of a layer: SwiGLU experts behind a router, or one expert that every row meets.
struct FeedForwardBlock<B: Backend> {
  var norm: B.Vector
  var epsilon: Float
  /// Nil in a dense layer.
  var router: (weight: B.Matrix, renormalise: Bool)?
  var experts: B.Experts

  /// hidden += Σ over the chosen experts of weight · expert(norm(hidden)), for the first `rows` rows.
  func run(
    _ backend: B, layer: Int, hidden: B.Activation, rows: Int, phase: Phase, buffers: Workspace<B>.Buffers
  ) throws {
    guard let mlp = router == nil ? buffers.dense : buffers.sparse else {
      throw ModelError("layer \(layer): no workspace for its feed-forward part")
    }
    try backend.rmsNorm(hidden, weight: norm, epsilon: epsilon, rows: rows, into: buffers.normed)
    if let router, let logits = buffers.routerLogits {
      try backend.linear(buffers.normed, router.weight, rows: rows, into: logits, accumulate: false)
      let options = RouterOptions(renormalise: router.renormalise, layer: layer, phase: phase)
      try backend.route(logits: logits, rows: rows, options: options, into: mlp.routing)
    } else {
      try backend.routeAll(rows: rows, into: mlp.routing)
    }
    try backend.experts(
      buffers.normed, experts, routing: mlp.routing, rows: rows, hidden: mlp.hidden, into: mlp.out)
    try backend.combine(mlp.out, routing: mlp.routing, rows: rows, addingTo: hidden)
  }
}
