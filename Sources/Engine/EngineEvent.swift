package import Scheduling

/// What those who watch an engine are told, in order. All times are seconds on the engine's clock.
package enum EngineEvent: Sendable {
  /// - waiting: requests that wait, with this one.
  case submitted(RequestID, promptTokens: Int, maxTokens: Int, time: Double, waiting: Int)
  case iteration(EngineIteration)
  /// Its client has left.
  /// - load: without it.
  case cancelled(RequestID, time: Double, load: EngineLoad)
  /// An iteration could not be executed: these requests end with an error.
  /// - load: without them.
  case failed([RequestID], time: Double, load: EngineLoad)
}

/// One iteration of a running engine.
package struct EngineIteration: Sendable {
  package var began: Double
  package var seconds: Double
  /// What it was expected to take; nil before enough iterations were seen.
  package var predicted: Double?
  package var plan: IterationPlan
  package var outcome: IterationOutcome
  /// Why requests have ended.
  package var reasons: [RequestID: FinishReason]
  package var load: EngineLoad
  package var statistics: SchedulerStatistics
  package var policy: String
  /// The account so far, now and then.
  package var ledger: Ledger?

  package init(
    began: Double, seconds: Double, predicted: Double? = nil, plan: IterationPlan, outcome: IterationOutcome,
    reasons: [RequestID: FinishReason], load: EngineLoad, statistics: SchedulerStatistics, policy: String,
    ledger: Ledger? = nil
  ) {
    self.began = began
    self.seconds = seconds
    self.predicted = predicted
    self.plan = plan
    self.outcome = outcome
    self.reasons = reasons
    self.load = load
    self.statistics = statistics
    self.policy = policy
    self.ledger = ledger
  }

  package var ended: Double { began + seconds }
}

/// What an engine has to do, after an iteration.
package struct EngineLoad: Sendable, Equatable {
  package var waiting = 0
  package var prefilling = 0
  package var running = 0
  package var freeBlocks = 0
  package var blocks = 0

  package init(waiting: Int = 0, prefilling: Int = 0, running: Int = 0, freeBlocks: Int = 0, blocks: Int = 0) {
    self.waiting = waiting
    self.prefilling = prefilling
    self.running = running
    self.freeBlocks = freeBlocks
    self.blocks = blocks
  }
}
