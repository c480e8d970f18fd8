import Logging
import ServiceLifecycle

/// Once the server is told to stop: refuses the new, waits for what runs, and ends the rest with an error.
struct DrainService: Service {
  let admission: Admission
  let hub: LiveHub
  let seconds: Double
  let logger: Logger

  func run() async throws {
    try await gracefulShutdown()
    admission.stop()
    hub.stop()
    logger.info("draining", metadata: ["answers": .stringConvertible(admission.count)])
    let end = ContinuousClock.now + .seconds(seconds)
    while !admission.isEmpty, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
    if admission.count > 0 {
      logger.warning("answers are cut off", metadata: ["answers": .stringConvertible(admission.count)])
      admission.endAll()
    }
  }
}
