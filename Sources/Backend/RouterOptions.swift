/// How a router turns logits into a choice and its weights.
package struct RouterRule: Sendable, Equatable {
  package enum Scoring: Sendable, CaseIterable {
    /// Scores are a softmax over all experts.
    case softmax
    /// Experts are chosen by their logits; the weights are a softmax over those chosen.
    case chosenSoftmax
    /// Each score is σ(logit).
    case sigmoid
  }

  /// Only the experts of some groups can be chosen. Groups are runs of as many experts each; the score of one is the sum of
  /// its `best` largest scores, and experts of the groups that are not among the `kept` best cannot be chosen.
  package struct Groups: Sendable, Equatable {
    package var count: Int
    package var kept: Int
    package var best: Int

    package init(count: Int, kept: Int, best: Int) {
      self.count = count
      self.kept = kept
      self.best = best
    }
  }

  package var scoring: Scoring
  /// The weights of the chosen are divided by their sum.
  package var renormalise: Bool
  /// Multiplies the weights.
  package var scale: Float
  package var groups: Groups?

  package init(scoring: Scoring = .softmax, renormalise: Bool, scale: Float = 1, groups: Groups? = nil) {
    self.scoring = scoring
    self.renormalise = renormalise
    self.scale = scale
    self.groups = groups
  }
}

/// A router's use: the k experts of the largest scores (ties: the lower index first), and where the ledger counts them.
package struct RouterOptions: Sendable, Equatable {
  package var rule: RouterRule
  /// Under which layer and phase the ledger counts the loads.
  package var layer: Int
  package var phase: Phase

  package init(rule: RouterRule, layer: Int, phase: Phase) {
    self.rule = rule
    self.layer = layer
    self.phase = phase
  }

  package init(renormalise: Bool, layer: Int, phase: Phase) {
    self.init(rule: RouterRule(renormalise: renormalise), layer: layer, phase: phase)
  }
}
