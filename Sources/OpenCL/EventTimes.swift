/// What a profiling queue knows of a command, in nanoseconds of the device's clock, whose zero means nothing.
package struct EventTimes: Sendable, Equatable {
  /// The host called.
  package var queued: UInt64
  /// The driver handed it to the device.
  package var submitted: UInt64
  package var started: UInt64
  package var ended: UInt64

  package init(queued: UInt64 = 0, submitted: UInt64 = 0, started: UInt64 = 0, ended: UInt64 = 0) {
    self.queued = queued
    self.submitted = submitted
    self.started = started
    self.ended = ended
  }
}
