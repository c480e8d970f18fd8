/// The ops that are validated together, by the name that `strata validate --op` takes.
package enum OpFamily: String, Sendable, CaseIterable {
  /// `embed`, `gatherRows` and `copyRows`.
  case embedding = "Embedding"
  /// `rmsNorm`
  case norm = "Norm"
  /// `linear`
  case linear = "Linear"
  /// `multiplyHeads`
  case headProducts = "HeadProducts"
  /// `prepareHeads` and `attention`.
  case attention = "Attention"
  /// `route` and `routeAll`.
  case routing = "Routing"
  /// `experts`, with the sorting of rows by expert, and `combine`.
  case experts = "Experts"
}
