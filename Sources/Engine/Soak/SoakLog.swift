import OpenCL

/// Counts what comes of a soak's requests, from one sample to the next.
actor SoakLog {
  private var current = SoakSample()
  private var ledger: AllocationLedger?
  private let start = ContinuousClock.now

  func began(_ ledger: AllocationLedger?) {
    self.ledger = ledger
    current.engines += 1
  }

  func ended(preemptions: Int) { current.preemptions += preemptions }

  func finished(_ result: GenerationResult, expected: [Int32]) {
    current.finished += 1
    if result.tokens != expected { current.wrong += 1 }
    current.timesToFirstToken.append(result.timeToFirstToken)
    if let time = result.meanTimeBetweenTokens { current.timesBetweenTokens.append(time) }
  }

  func cancelled(after tokens: [Int32], expected: [Int32]) {
    current.cancelled += 1
    if !expected.starts(with: tokens) { current.wrong += 1 }
  }

  func failed() { current.failed += 1 }

  /// What happened since the last sample.
  func take() -> SoakSample {
    defer { current = SoakSample() }
    current.seconds = (ContinuousClock.now - start).seconds
    current.process = .now
    current.deviceBytes = ledger?.liveBytes ?? 0
    current.handles = ledger?.liveHandles ?? 0
    return current
  }
}
