package import Scheduling

/// One prompt that has the machine to itself.
package struct PromptStudy: Sendable, Equatable, Encodable {
  package var policy: String
  package var promptTokens: Int
  package var iterations: Int
  /// To the first token.
  package var seconds: Double
  /// The part of them that experts took.
  package var expertSeconds: Double
  /// Of experts, on all devices together.
  package var expertBytes: Double
  /// Joules, until the first token.
  package var energy: Double
}

extension Study {
  /// Runs a prompt of `tokens` alone, until its first token.
  package func prompt(_ tokens: Int, _ options: PolicyOptions) throws -> PromptStudy {
    let workload = Workload(arrivals: [.init(time: 0, lengths: .init(promptTokens: tokens, outputTokens: 1))])
    var found = PromptStudy(
      policy: options.label, promptTokens: tokens, iterations: 0, seconds: 0, expertSeconds: 0, expertBytes: 0,
      energy: 0)
    let (_, totals) = try simulator().run(workload, policy: policy(options)) { _, _, cost in
      found.iterations += 1
      found.seconds += cost.seconds
      found.expertSeconds += cost.expertSeconds
    }
    found.expertBytes = totals.ledger.total.memory[.expert]?.total ?? 0
    found.energy = totals.energy ?? 0
    return found
  }
}
