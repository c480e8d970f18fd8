/// The KV blocks of each request, in order of position.
package typealias BlockTables = [RequestID: [Int32]]

/// Whatever can execute a plan: the engine on a device, or a simulator on a virtual clock. The scheduler cannot tell.
package protocol Executor {
  /// Runs one iteration and says what came of it.
  mutating func execute(_ plan: IterationPlan, blocks: BlockTables) throws -> IterationOutcome
}

/// What an iteration made.
package struct IterationOutcome: Sendable, Equatable {
  /// Requests that generated a token: all of `decode`, and those whose prompt was completed.
  package var advanced: [RequestID]
  /// Those among them that are done, by a stop token or by length.
  package var finished: [RequestID]
  /// Those that cannot go on, each with the reason; they are not among the others.
  package var failed: [RequestID: String]
  /// The key of the block that a request's new token has filled, for those that share their blocks.
  package var filled: [RequestID: BlockKey]

  package init(
    advanced: [RequestID] = [], finished: [RequestID] = [], failed: [RequestID: String] = [:],
    filled: [RequestID: BlockKey] = [:]
  ) {
    self.advanced = advanced
    self.finished = finished
    self.failed = failed
    self.filled = filled
  }
}
