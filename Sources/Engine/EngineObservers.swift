import Scheduling

/// Those who watch an engine, and what is kept for them.
struct EngineObservers {
  private var continuations: [AsyncStream<EngineEvent>.Continuation] = []
  /// What iterations take on this device.
  private(set) var time = IterationTime()
  private var lastLedger = -Double.infinity
  /// Seconds between two accounts: reading one waits for the device.
  private static let ledgerInterval = 0.5
  /// Iterations before a prediction means anything.
  private static let firstPrediction = 2 * IterationTime.featureCount

  var isWatched: Bool { !continuations.isEmpty }

  mutating func add() -> AsyncStream<EngineEvent> {
    let (stream, continuation) = AsyncStream<EngineEvent>.makeStream()
    continuations.append(continuation)
    return stream
  }

  mutating func send(_ event: EngineEvent) {
    continuations.removeAll {
      if case .terminated = $0.yield(event) { true } else { false }
    }
  }

  /// Learns how long an iteration took, and gives what was expected before.
  mutating func observe(_ load: IterationLoad, seconds: Double) -> Double? {
    let predicted = time.observations >= Self.firstPrediction ? time.seconds(load) : nil
    time.observe(load, seconds: seconds)
    return predicted
  }

  mutating func wantsLedger(at now: Double, isLast: Bool) -> Bool {
    guard isLast || now - lastLedger >= Self.ledgerInterval else { return false }
    lastLedger = now
    return true
  }
}
