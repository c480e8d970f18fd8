import Backend

/// The feed-forward half of a layer: experts behind a router, or one expert that every row meets, or both.
struct FeedForwardBlock<B: Backend> {
  /// What chooses the experts of a sparse layer.
  struct Router {
    var weight: B.Matrix
    var bias: B.Vector?
    /// Added to the scores for the choice only.
    var correction: B.Vector?
    var rule: RouterRule
  }

  /// An expert that every row meets besides the chosen ones, with weight 1 or with that of a gate: σ(x · gate).
  struct SharedExpert {
    var expert: B.Experts
    /// [1, hidden]
    var gate: B.Matrix?
  }

  var norm: B.Vector
  var epsilon: Float
  /// Nil in a dense layer.
  var router: Router?
  var experts: B.Experts
  var shared: SharedExpert?

  /// hidden += Σ over the chosen experts of weight · expert(norm(hidden)), for the first `rows` rows.
  func run(
    _ backend: B, layer: Int, hidden: B.Activation, rows: Int, phase: Phase, buffers: Workspace<B>.Buffers
  ) throws {
    try backend.rmsNorm(hidden, weight: norm, epsilon: epsilon, rows: rows, into: buffers.normed)
    guard let router else {
      return try runAll(backend, experts, gate: nil, hidden: hidden, rows: rows, buffers: buffers)
    }
    guard let mlp = buffers.sparse, let logits = buffers.routerLogits else {
      throw ModelError("layer \(layer): no workspace for its experts")
    }
    try backend.linear(
      buffers.normed, router.weight, options: LinearOptions(bias: router.bias), rows: rows, into: logits)
    let options = RouterOptions(rule: router.rule, layer: layer, phase: phase)
    try backend.route(
      logits: logits, rows: rows, options: options, correction: router.correction, into: mlp.routing)
    try add(backend, experts, mlp, to: hidden, rows: rows, buffers: buffers)
    guard let shared else { return }
    var gate: B.Activation?
    if let weight = shared.gate, let logits = buffers.sharedGate {
      try backend.linear(buffers.normed, weight, rows: rows, into: logits, accumulate: false)
      gate = logits
    }
    try runAll(backend, shared.expert, gate: gate, hidden: hidden, rows: rows, buffers: buffers)
  }

  /// hidden += weight · expert(normed), the same expert for all rows.
  private func runAll(
    _ backend: B, _ expert: B.Experts, gate: B.Activation?, hidden: B.Activation, rows: Int,
    buffers: Workspace<B>.Buffers
  ) throws {
    guard let mlp = buffers.dense else { throw ModelError("no workspace for an expert that all rows meet") }
    try backend.routeAll(rows: rows, gate: gate, into: mlp.routing)
    try add(backend, expert, mlp, to: hidden, rows: rows, buffers: buffers)
  }

  /// hidden += Σ over the experts of `mlp.routing` of weight · expert(normed).
  private func add(
    _ backend: B, _ experts: B.Experts, _ mlp: Workspace<B>.MLPBuffers, to hidden: B.Activation, rows: Int,
    buffers: Workspace<B>.Buffers
  ) throws {
    try backend.experts(buffers.normed, experts, routing: mlp.routing, rows: rows, hidden: mlp.hidden, into: mlp.out)
    try backend.combine(mlp.out, routing: mlp.routing, rows: rows, addingTo: hidden)
  }
}
